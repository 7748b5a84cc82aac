import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { yamlText } from '../../../src/report/yaml.ts';

it('yamlText writes what YAML reads as the same value', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
      const plain: unknown = JSON.parse(JSON.stringify(value));
      expect(parse(yamlText(value))).toEqual(plain);
      expect(parse(yamlText({ list: [value, [value]], 'odd key: #': value }))).toEqual({
        list: [plain, [plain]],
        'odd key: #': plain,
      });
    }),
    { numRuns: 200 },
  );
});

it.each(['yes', 'No', 'null', '~', '', '1.5', '0x10', '2026-05-01', '- x', 'a: b', '#c', 'é', 'line\nbreak', '<<'])(
  'yamlText keeps the string %j a string',
  (text) => {
    for (const version of ['1.1', '1.2'] as const)
      expect(parse(yamlText({ [text]: text }), { version })).toEqual({ [text]: text });
  },
);

it('yamlText is readable', () => {
  expect(yamlText({ kind: 'Plan', stages: [{ id: 'web/1', actions: [] }], empty: {}, total: 1 })).toBe(
    'kind: Plan\nstages:\n  - id: web/1\n    actions: []\nempty: {}\ntotal: 1\n',
  );
});
