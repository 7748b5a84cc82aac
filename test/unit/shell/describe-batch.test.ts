import { expect, test } from 'vitest';
import { UsageError } from '../../../src/model/errors.ts';
import { Secret } from '../../../src/model/secret.ts';
import { command, script } from '../../../src/shell/command.ts';
import { describeBatch, escapeControls } from '../../../src/shell/describe-batch.ts';
import { renderBatch, shellCommand } from '../../../src/shell/render-batch.ts';

test('describeBatch shows steps without secrets and without control characters', () => {
  const steps = [
    command('start shop-1', ['lxc-start', '-n', 'shop 1']),
    script({ name: 'write_env', text: 'cat' }, 'env', ['/x'], { stdin: new Secret('hunter2') }),
    command('evil \u001b[2J', ['echo', '\u001b]0;x\u0007\u202e'], { stdin: 'four' }),
  ];
  expect(describeBatch({ steps })).toBe(
    [
      `1 start shop-1: lxc-start -n 'shop 1'`,
      '2 env: <write_env> /x (input: [secret])',
      `3 evil \\u001b[2J: echo '\\u001b]0;x\\u0007\\u202e' (input: 4 characters)`,
    ].join('\n'),
  );
});

test('escapeControls keeps lines where told to', () => {
  expect(escapeControls('a\nb\u009b', true)).toBe('a\nb\\u009b');
  expect(escapeControls('a\nb')).toBe('a\\u000ab');
});

test('renderBatch refuses what it cannot carry', () => {
  const steps = [command('a', ['true'])];
  expect(() => renderBatch({ steps }, { nonce: '$(id) nonce' })).toThrow(UsageError);
  const bad = { name: 'Bad Name', text: 'true' };
  expect(() => renderBatch({ steps: [script(bad, 'x')] }, { nonce: 'abcdefgh' })).toThrow(UsageError);
  expect(() => renderBatch({ steps: [command('a', ['a\0'])] }, { nonce: 'abcdefgh' })).toThrow(UsageError);
});

test('renderBatch counts bytes, not characters', () => {
  const [size, ...program] = renderBatch({ steps: [command('a', ['é'])] }, { nonce: 'abcdefgh' }).split('\n');
  expect(Number(size)).toBe(Buffer.byteLength(program.join('\n')));
});

test('shellCommand puts sudo in front', () => {
  const plain = shellCommand({ sudo: false });
  expect(plain).toMatch(/^exec sh -c '/);
  expect(shellCommand({ sudo: true })).toBe(plain.replace('exec ', 'exec sudo -n -- '));
});
