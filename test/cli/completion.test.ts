import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { aSpec, cli } from './support.ts';

const complete = async (...words: readonly string[]): Promise<readonly string[]> => {
  const { stdout, stderr, code } = await cli(['__complete', '--', ...words], {
    deps: { loadSpec: () => Promise.resolve({ ...aSpec(), partitions: { web: {} } } as never) },
  });
  expect([stderr, code]).toEqual(['', 0]);
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => line.split('\t')[0] ?? '');
};

describe('completion', () => {
  it.each([
    [['st'], ['status', 'store']],
    [['vm', 'd'], ['drain']],
    [
      ['vm', 'drain', ''],
      ['web-1', 'web-2'],
    ],
    [['vm', 'prepare', 'web-1', 'web-2'], ['web-2']],
    [['process', 'logs', 'shop-4'], ['shop-4']],
    [['process', 'logs', '--lines', ''], []],
    [['process', 'logs', '--lines', '5', 'shop-1'], ['shop-1']],
    [['scale', ''], ['shop']],
    [['subscribe', 'x', '--cartridge', ''], ['php']],
    [
      ['reconcile', '--only', ''],
      ['shop', 'web'],
    ],
    [['reconcile', '--wa'], ['--watch']],
    [['--dir', '/elsewhere', 'unsub'], ['unsubscribe']],
    [
      ['status', '-o', ''],
      ['table', 'json', 'yaml'],
    ],
    [
      ['completion', ''],
      ['bash', 'zsh', 'fish'],
    ],
    [['nonsense', ''], []],
    [['__'], []],
  ])('of %j offers %j', async (words, expected) => {
    expect(await complete(...words)).toEqual(expected);
  });

  it('is silent where the project cannot be read', async () => {
    expect(await cli(['__complete', '--', 'scale', ''])).toMatchObject({ code: 0, stdout: '', stderr: '' });
  });

  it.each(['bash', 'zsh', 'fish'])('script for %s names the program and its helper', async (shell) => {
    const { stdout } = await cli(['completion', shell]);
    expect(stdout).toContain('__complete --');
    expect(stdout).not.toContain('\\$');
  });

  it('script for bash completes with what the helper says', async () => {
    const { stdout } = await cli(['completion', 'bash']);
    const test = `stratos() { printf '%s\\t%s\\n' status 'what runs' "asked:$*" x; }
${stdout}
COMP_WORDS=(stratos vm st) COMP_CWORD=2; _stratos; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout: offered } = await promisify(execFile)('bash', ['-c', test]);
    expect(offered).toBe('status\nasked:__complete -- vm st\n');
  });
});
