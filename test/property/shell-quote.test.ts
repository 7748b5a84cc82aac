import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { UsageError } from '../../src/model/errors.ts';
import { command } from '../../src/shell/command.ts';
import { quote, quoteAll } from '../../src/shell/quote.ts';
import { runLocally } from '../unit/shell/run-locally.ts';

// Real processes on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 });

const NASTY = [
  '',
  "'",
  `'"'"'`,
  '\\',
  '$(touch /tmp/x)',
  '`id`',
  '*',
  '~',
  '-n',
  '!!',
  '\n',
  'if',
  'a=b',
  '\u0081\u0088',
  'é',
];
const word = fc.oneof(
  fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\0', '')),
  fc.constantFrom(...NASTY),
  fc.array(fc.constantFrom(...NASTY)).map((parts) => parts.join('')),
);

describe.each([['dash'], ['busybox', 'sh'], ['bash']])('quote for %s', (...shell: string[]) => {
  test('what sh receives equals what was meant', () => {
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 20 }), (words) => {
        const text = `printf '%s\\0' ${quoteAll(words)}`;
        const result = spawnSync(shell[0] ?? '', [...shell.slice(1), '-c', text]);
        expect(result.stdout.toString().split('\0').slice(0, -1)).toEqual(words);
      }),
      { numRuns: 60 },
    );
  });
});

test('quote refuses what no argument can carry', () => {
  expect(() => quote('a\0b')).toThrow(UsageError);
  expect(() => quote('\ud800')).toThrow(UsageError);
});

test('quote leaves plain words readable and makes reserved words literal', () => {
  expect(quoteAll(['lxc-start', '-n', 'shop-1', 5, '/a/b:c'])).toBe('lxc-start -n shop-1 5 /a/b:c');
  expect(quote('while')).toBe(`'while'`);
});

test('a batch gives any argument and any input exactly', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(word, { maxLength: 8 }), fc.string({ unit: 'binary' }), async (words, stdin) => {
      const [args, input] = await runLocally({
        steps: [command('args', ['printf', '%s\\0', 'x', ...words]), command('input', ['cat'], { stdin })],
      });
      expect(args?.stdout.split('\0').slice(1, -1)).toEqual(words);
      expect(input?.stdout).toBe(stdin);
    }),
    { numRuns: 40 },
  );
});
