import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { addSubscription, removeSubscription, setProcessBounds } from '../../src/inventory/edit-spec.ts';
import { formatInventory, parseInventory } from '../../src/inventory/inventory-file.ts';
import { loadSpec } from '../../src/inventory/load-spec.ts';
import { NAME_PATTERN } from '../../src/inventory/schema/terms.ts';
import { showLine, showValue } from '../../src/inventory/show-value.ts';
import { yamlSource } from '../../src/inventory/yaml-source.ts';
import type { Inventory } from '../../src/model/inventory.ts';
import { bytes, cores, formatBytes, formatDuration, parseBytes, parseDuration } from '../../src/model/quantity.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'stratos-property-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const odd = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    '',
    '"',
    "'",
    '\\',
    '\n',
    '\r\n',
    '\u0000',
    '\u2028',
    '\u0085',
    '\ufeff',
    '# x',
    ': ',
    '- {',
    '...',
    '\ud800',
    '😀',
    '<<',
  ),
);
const process = fc.record({
  name: odd,
  subscription: odd,
  ordinal: fc.nat(),
  vm: odd,
  index: fc.nat(),
  image: odd,
  fingerprint: odd,
  state: fc.constantFrom('creating' as const, 'ready' as const, 'leaving' as const, 'failed' as const),
  createdAt: odd,
  failure: odd,
});
const vm = fc.record({
  name: odd,
  partition: odd,
  iaas: odd,
  state: fc.constantFrom('creating' as const, 'ready' as const),
  size: fc.record({ cpu: fc.nat().map(cores), memory: fc.nat().map(bytes) }),
  endpoint: fc.record({ address: odd, port: fc.nat(65_535), user: odd, hostKeys: fc.array(odd) }),
  cordoned: fc.boolean(),
  draining: fc.boolean(),
  createdAt: odd,
});
const inventories: fc.Arbitrary<Inventory> = fc.record({
  lineage: odd.filter((text) => text !== ''),
  serial: fc.nat(),
  vms: fc.uniqueArray(vm, { selector: ({ name }) => name, maxLength: 4 }),
  processes: fc.uniqueArray(process, { selector: ({ name }) => name, maxLength: 6 }),
});

describe('inventory file', () => {
  it('is read as it was written, whatever strings are in it', async () => {
    await fc.assert(
      fc.asyncProperty(inventories, async (inventory) => {
        const text = formatInventory(inventory, '1.0.0');
        expect(await parseInventory('inventory.yaml', text)).toEqual(inventory);
        // Nothing in it is a character that some YAML reader refuses.

        expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\ufeff]/);
      }),
    );
  });

  it('means the same to a YAML parser', async () => {
    await fc.assert(
      fc.asyncProperty(inventories, async (inventory) => {
        const text = formatInventory(inventory, '1.0.0');
        expect(parse(text)).toMatchObject({ ...inventory });
        // An indented comment is a form of its own: it takes the slow way.
        expect(await parseInventory('inventory.yaml', `  # edited\n${text}`)).toEqual(inventory);
      }),
      { numRuns: 50 },
    );
  });
});

describe('quantities', () => {
  it('survive being written and read', () => {
    fc.assert(
      fc.property(fc.constantFrom('Ki', 'Mi', 'Gi', 'Ti'), fc.integer({ min: 1, max: 1023 }), (unit, amount) => {
        const size = parseBytes(`${String(amount)}${unit}`);
        expect(size).toBeDefined();
        expect(parseBytes(formatBytes(size ?? 0))).toBe(size);
      }),
    );
    fc.assert(
      fc.property(
        fc.constantFrom(
          ...([
            ['ms', 999],
            ['s', 59],
            ['m', 59],
            ['h', 47],
          ] as const),
        ),
        fc.nat(),
        ([unit, max], n) => {
          const text = `${String((n % max) + 1)}${unit}`;
          expect(formatDuration(parseDuration(text) ?? 0)).toBe(text);
        },
      ),
    );
  });
});

describe('edits of the spec', () => {
  const name = fc.stringMatching(new RegExp(NAME_PATTERN)).filter((text) => text.length <= 40);
  const noise = fc.constantFrom('', '\n', '  # a comment\n', '\n  # another: { one }\n\n');
  const form = fc.constantFrom(
    (alias: string) => `  ${alias}: { cartridge: job }\n`,
    (alias: string) => `  ${alias}: {cartridge: "job", env: {A: 'x # y'}} # tail\n`,
    (alias: string) => `  ${alias}:\n    cartridge: job # inner\n    env:\n      A: |\n        text\n        more\n`,
    (alias: string) =>
      `  '${alias}':\n      cartridge: job\n      command-free: 1\n`.replace('      command-free: 1\n', ''),
  );

  it('keep every line that is not about the thing edited', { timeout: 60_000 }, async () => {
    const head =
      '# head\napiVersion: stratos/v1\niaas: {lab: {kind: local}}\npartitions: {web: {placement: [{iaas: lab}]}}\ncartridges: {job: {image: job, partition: web}}\n\nsubscriptions:   # who\n';
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(name, { minLength: 2, maxLength: 5 }),
        fc.array(fc.tuple(form, noise), { minLength: 4, maxLength: 4 }),
        async ([added = 'x', ...aliases], forms) => {
          const before =
            head +
            aliases.map((alias, n) => `${forms[n]?.[0](alias) ?? ''}${forms[n]?.[1] ?? ''}`).join('') +
            '# tail\nx-end: {a:   1}\n';
          const file = join(directory, 'stratos.yaml');
          await writeFile(file, before);
          await addSubscription(directory, added, { cartridge: 'job', env: { B: 'y: [z]' } });
          const middle = await readFile(file, 'utf8');
          const lines = before.split('\n');
          const left = [...lines];
          for (const line of middle.split('\n')) if (line === left[0]) left.shift();
          expect(left).toEqual([]);
          await setProcessBounds(directory, added, { max: 7 });
          const spec = await loadSpec(directory);
          expect(Object.keys(spec.subscriptions).sort()).toEqual([added, ...aliases].sort());
          expect(spec.subscriptions[added]).toMatchObject({
            scaling: { processes: { min: 1, max: 7 } },
            env: { B: { value: 'y: [z]' } },
          });
          await removeSubscription(directory, added);
          expect(parse(await readFile(file, 'utf8'))).toEqual(parse(before));
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe('what is shown', () => {
  it('never has control characters, nor an end in sight too far', () => {
    fc.assert(
      fc.property(odd, (text) => {
        for (const shown of [showValue(text), showLine(text)]) {
          expect(shown).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
          expect(shown.length).toBeLessThan(200);
        }
      }),
    );
  });
});

describe('yamlSource', () => {
  it.each(['{{<<', '? { <<: 1 }\n: 2\n'])('takes %j, whose key cannot be merged', (text) => {
    const source = yamlSource('stratos.yaml', text);
    expect(source.problems.length).toBeGreaterThan(0);
    expect(source.locate(['a']).position.line).toBe(1);
  });

  it('takes any text without throwing', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          odd,
          fc.string({
            unit: fc.constantFrom(
              'a',
              ':',
              ' ',
              '\n',
              '-',
              '{',
              '}',
              '[',
              ']',
              '&',
              '*',
              '<<',
              '"',
              '#',
              '!',
              '|',
              '?',
            ),
          }),
        ),
        (text) => {
          const source = yamlSource('/x.yaml', text);
          expect(source.locate(['a', 0, 'b']).position.line).toBeGreaterThan(0);
        },
      ),
      { numRuns: 500 },
    );
  });
});
