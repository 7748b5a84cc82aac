import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { execCommand } from '../../src/commands/process/exec.ts';
import { logsCommand } from '../../src/commands/process/logs.ts';
import { importCommand } from '../../src/commands/cartridge/import.ts';
import { eventsCommand } from '../../src/commands/events.ts';
import { planCommand } from '../../src/commands/plan.ts';
import { reconcileCommand } from '../../src/commands/reconcile.ts';
import { subscribeCommand } from '../../src/commands/subscribe.ts';
import { sshCommand } from '../../src/commands/vm/ssh.ts';
import type { CommandContext } from '../../src/commands/context.ts';
import { cli, NO_GLOBALS, someContext } from './support.ts';

/** Parses with a run function that only keeps its options. */
async function parse<O>(
  configure: (command: Command, context: CommandContext, run: (options: O) => Promise<number>) => void,
  args: readonly string[],
): Promise<O> {
  let seen: O | undefined;
  const parent = new Command().enablePositionalOptions();
  const command = parent.command('it').exitOverride();
  configure(command, someContext(), (options) => {
    seen = options;
    return Promise.resolve(0);
  });
  await parent.parseAsync(['it', ...args], { from: 'user' });
  if (seen === undefined) throw new Error('it did not run');
  return seen;
}

describe('options', () => {
  it('of reconcile become typed values', async () => {
    expect(await parse(reconcileCommand, [])).toEqual({ globals: NO_GLOBALS, dryRun: false, only: [], parallel: 64 });
    expect(
      await parse(reconcileCommand, [
        '--only',
        'a,b',
        '--only',
        'c',
        '--watch',
        '1m30s',
        '--parallel',
        '8',
        '--lock-timeout',
        '5m',
        '-q',
      ]),
    ).toEqual({
      globals: { ...NO_GLOBALS, lockTimeout: 300_000, quiet: true },
      dryRun: false,
      only: ['a', 'b', 'c'],
      watch: 90_000,
      parallel: 8,
    });
  });

  it.each([
    [['-o', 'json'], { output: 'json' }, undefined],
    [['-o', 'plan.yaml'], { output: 'table' }, 'plan.yaml'],
    [['--output=dir/p.json'], { output: 'table' }, 'dir/p.json'],
    [[], { output: 'table' }, undefined],
  ] as const)('of plan: %j is a format or a file', async (args, globals, save) => {
    const options = await parse(planCommand, args);
    expect(options).toMatchObject({ globals });
    expect(options.save).toBe(save);
  });

  it('of subscribe collect hosts and variables', async () => {
    const args = [
      'shop',
      '-c',
      'php',
      '-p',
      '8080',
      '--host',
      'a.example',
      '--host',
      'b.example',
      '-e',
      'A=x=y\nz',
      '--env',
      'SECRET',
      '--min',
      '0',
    ];
    expect(await parse(subscribeCommand, args)).toEqual({
      globals: NO_GLOBALS,
      alias: 'shop',
      reconcile: false,
      settings: {
        cartridge: 'php',
        port: 8080,
        min: 0,
        hosts: ['a.example', 'b.example'],
        env: [{ name: 'A', value: 'x=y\nz' }, { name: 'SECRET' }],
      },
    });
  });

  it('after the first word of exec and ssh belong to the program', async () => {
    expect(await parse(execCommand, ['-t', 'shop-1', 'ls', '-la', '--dir', '/'])).toMatchObject({
      process: 'shop-1',
      argv: ['ls', '-la', '--dir', '/'],
      tty: true,
    });
    expect(await parse(execCommand, ['shop-1', '--', '--odd', '$(x)'])).toMatchObject({ argv: ['--odd', '$(x)'] });
    expect(await parse(sshCommand, ['web-1', 'uname', '-a'])).toMatchObject({ vm: 'web-1', argv: ['uname', '-a'] });
    expect(await parse(sshCommand, ['web-1'])).toMatchObject({ argv: [] });
    await expect(parse(execCommand, ['shop-1', '-o', 'json', '--', 'id'])).rejects.toThrow(/options come before.*"-o"/);
  });

  it('of logs, events and import', async () => {
    expect(await parse(logsCommand, ['shop-1', '-f', '-n', '5'])).toMatchObject({ follow: true, lines: 5 });
    const { query } = await parse(eventsCommand, ['--since', '2026-05-01T12:00Z', '--run', 'ab']);
    expect(query).toEqual({ since: Date.UTC(2026, 4, 1, 12), run: 'ab', limit: 100 });
    const { settings } = await parse(importCommand, [
      'x.tar',
      '-t',
      'x:1',
      '-p',
      '80',
      '-p',
      '81',
      '--',
      '/bin/httpd',
      '-f',
    ]);
    expect(settings).toEqual({ tag: 'x:1', argv: ['/bin/httpd', '-f'], env: {}, ports: [80, 81] });
  });
});

describe('global options', () => {
  const inventory = (...args: readonly string[]) => cli(args);

  it('stand before or after the command; the later one wins', async () => {
    for (const args of [
      ['--dir', '/a', 'inventory', 'ls'],
      ['inventory', '--dir', '/a', 'ls'],
      ['inventory', 'ls', '--dir=/a'],
      ['--dir', '/b', 'inventory', 'ls', '--dir', '/a'],
    ])
      expect((await inventory(...args)).opened).toMatchObject([{ dir: '/a' }]);
  });

  it('have defaults that say nothing about the project', async () => {
    expect((await inventory('inventory', 'ls')).opened).toEqual([NO_GLOBALS]);
  });
});
