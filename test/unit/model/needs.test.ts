import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { circles, dependentsOf, inOrderOfNeeds, passagesInto } from '../../../src/model/needs.ts';
import { aSpec } from '../../support/builders.ts';

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f'];
/** By alias, what it needs; in any order. */
const graphs = fc
  .array(fc.subarray(NAMES), { minLength: NAMES.length, maxLength: NAMES.length })
  .chain((lists) =>
    fc.shuffledSubarray(
      NAMES.map((name, at) => [name, lists[at] ?? []] as const),
      { minLength: NAMES.length },
    ),
  )
  .map((entries) => new Map(entries.map(([name, needs]) => [name, needs.filter((need) => need !== name)])));
const specOf = (graph: ReadonlyMap<string, readonly string[]>) =>
  aSpec({ subscriptions: Object.fromEntries([...graph].map(([alias, needs]) => [alias, { needs }])) });

describe('inOrderOfNeeds', () => {
  test('has each alias once, and where nothing goes round each after what it needs', () => {
    fc.assert(
      fc.property(graphs, (graph) => {
        const order = inOrderOfNeeds(specOf(graph));
        expect(order.toSorted()).toEqual(NAMES);
        if (circles(graph).length > 0) return;
        for (const [alias, needs] of graph)
          for (const need of needs) expect(order.indexOf(need)).toBeLessThan(order.indexOf(alias));
      }),
    );
  });

  test('does not depend on the order of the spec', () => {
    fc.assert(
      fc.property(graphs, (graph) => {
        const turned = new Map([...graph].reverse().map(([alias, needs]) => [alias, needs.toReversed()]));
        expect(inOrderOfNeeds(specOf(turned))).toEqual(inOrderOfNeeds(specOf(graph)));
        expect(circles(turned)).toEqual(circles(graph));
      }),
    );
  });
});

describe('circles', () => {
  test('finds one exactly where aliases cannot all be put after what they need', () => {
    fc.assert(
      fc.property(graphs, (graph) => {
        const left = new Map(graph);
        for (let before = -1; before !== left.size;) {
          before = left.size;
          for (const [alias, needs] of [...left]) if (needs.every((need) => !left.has(need))) left.delete(alias);
        }
        const found = circles(graph);
        expect(found.length > 0).toBe(left.size > 0);
        for (const circle of found) {
          expect(circle[0]).toBe(circle.at(-1));
          for (const [at, alias] of circle.slice(0, -1).entries()) expect(graph.get(alias)).toContain(circle[at + 1]);
        }
      }),
    );
  });

  test('begins with the first name', () => {
    const graph = new Map([
      ['c', ['a']],
      ['b', ['c']],
      ['a', ['b']],
    ]);
    expect(circles(graph)).toEqual([['a', 'b', 'c', 'a']]);
  });
});

test('dependentsOf names those that need it directly', () => {
  const spec = aSpec({
    subscriptions: { db: {}, web: { needs: ['app'] }, jobs: { needs: ['db'] }, app: { needs: ['db'] } },
  });
  expect(dependentsOf(spec, 'db')).toEqual(['app', 'jobs']);
});

test('passagesInto are what is needed elsewhere and served on a port', () => {
  const spec = aSpec({
    partitions: { web: {}, data: {} },
    cartridges: { php: {}, sql: { partition: 'data' }, job: { partition: 'data', ports: [] } },
    subscriptions: {
      db: { cartridge: 'sql', port: 5432 },
      silent: { cartridge: 'sql' },
      job: { cartridge: 'job', port: 99 },
      here: { port: 81 },
      shop: { needs: ['db', 'silent', 'job', 'here'] },
      blog: { needs: ['db'] },
    },
  });
  expect(passagesInto(spec, 'web')).toEqual(['db']);
  expect(passagesInto(spec, 'data')).toEqual([]);
});
