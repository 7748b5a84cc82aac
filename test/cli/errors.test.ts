import { describe, expect, it } from 'vitest';
import {
  HostError,
  IaasError,
  InterruptedError,
  InvalidSpecError,
  LockHeldError,
  NotFoundError,
  PartialFailureError,
  ProjectFileError,
  RemoteCommandError,
  StaleInventoryError,
  StalePlanError,
  StoreError,
  UnreachableError,
  UsageError,
} from '../../src/model/errors.ts';
import { cli } from './support.ts';

const failing = (error: Error) => ({ use: { status: () => Promise.reject(error) } });
const holder = {
  id: '7f3a',
  operation: 'reconcile',
  who: 'ana',
  host: 'ops1',
  pid: 4711,
  version: '0.1.0',
  since: '2026-05-01T10:00:00Z',
};
const problem = {
  message: 'Unknown key',
  path: 'subscriptions.shop.cartrige',
  position: { file: 'stratos.yaml', line: 3, column: 5 },
  excerpt: '    cartrige: php',
  suggestion: 'cartridge',
};

describe('an error', () => {
  it.each([
    [new UsageError('m'), 64],
    [new InvalidSpecError([problem]), 64],
    [new LockHeldError('inventory.yaml', holder), 4],
    [new PartialFailureError('m'), 5],
    [new InterruptedError('m'), 130],
    [new ProjectFileError('m'), 1],
    [new StaleInventoryError('m'), 1],
    [new StalePlanError('m'), 1],
    [new NotFoundError('m'), 1],
    [new UnreachableError('web-1', 'timeout', 'm'), 1],
    [new RemoteCommandError('m'), 1],
    [new IaasError('lab', 'quota', 'm'), 1],
    [new StoreError('m'), 1],
    [new HostError('m'), 1],
    [new TypeError('m'), 1],
  ])('%s ends with its exit code, on standard error alone', async (error, exitCode) => {
    const { code, stdout, stderr } = await cli(['status'], failing(error));
    expect([code, stdout]).toEqual([exitCode, '']);
    expect(stderr).toMatch(/^error: /);
  });

  it('has its hint alone on a line, and control characters in neither', async () => {
    const error = new NotFoundError('Cannot find process "a\u001b[31mb"', { hint: 'stratos process ls\u0007' });
    const { stderr } = await cli(['status'], failing(error));
    expect(stderr).toBe('error: Cannot find process "ab"\n    stratos process ls\n');
  });

  it('of the spec tells every problem with its place', async () => {
    const { stderr } = await cli(
      ['status'],
      failing(new InvalidSpecError([problem, { message: 'min is above max', path: 'x' }])),
    );
    expect(stderr).toMatchInlineSnapshot(`
      "error: stratos.yaml:3:5: Unknown key
          cartrige: php
          did you mean cartridge?
      min is above max
      "
    `);
  });

  it('shows a stack, and the stacks of its causes, only with --debug', async () => {
    const error = new StoreError('outer', { cause: new Error('inner') });
    expect((await cli(['status'], failing(error))).stderr).toBe('error: outer\n');
    const { stderr } = await cli(['status', '--debug'], failing(error));
    expect(stderr).toMatch(/StoreError: outer\n +at [^]*caused by: Error: inner\n +at /);
  });

  it('that nobody expected says how to find out more', async () => {
    expect((await cli(['status'], failing(new TypeError('x is not a function')))).stderr).toBe(
      'error: x is not a function\n    with --debug, the same command shows where this comes from\n',
    );
  });

  it('is a document on standard output with -o json, wherever the option stands', async () => {
    for (const args of [
      ['status', '-o', 'json'],
      ['-o', 'json', 'status'],
      ['status', '--output=json'],
    ]) {
      const { stdout, stderr } = await cli(args, failing(new LockHeldError('inventory.yaml', holder)));
      expect(JSON.parse(stdout)).toEqual({
        apiVersion: 'stratos/v1',
        kind: 'Error',
        error: {
          code: 'LOCK_HELD',
          exitCode: 4,
          message:
            'Cannot lock inventory.yaml as it is held: by ana@ops1 (pid 4711) for "reconcile" since 2026-05-01T10:00:00Z',
          hint: 'stratos inventory unlock 7f3a   # only if that run is gone for good; --lock-timeout 5m waits for it',
          holder,
        },
      });
      expect(stderr).toMatch(/^error: Cannot lock/);
    }
  });

  it('of the spec has its problems as data', async () => {
    const { stdout } = await cli(['status', '-o', 'json'], failing(new InvalidSpecError([problem])));
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'INVALID_SPEC', problems: [problem] } });
  });

  it('after an interrupt is the interrupt', async () => {
    const { code } = await cli(['status'], { ...failing(new Error('aborted')), signal: AbortSignal.abort() });
    expect(code).toBe(130);
  });
});

describe('a wrong command line', () => {
  it.each([
    [['statsu'], 'Cannot run "stratos" as it has no such command: statsu', 'stratos status'],
    [['vm', 'lss'], 'Cannot run "stratos vm" as it has no such command: lss', 'stratos vm ls'],
    [
      ['status', '--refesh'],
      'Cannot run "stratos status" as it has no such option: --refesh',
      'stratos status --refresh',
    ],
    [['--outptu', 'json', 'status'], 'Cannot run "stratos" as it has no such option: --outptu', 'stratos --output'],
    [['scale'], 'Cannot run "stratos scale" as an argument is missing: alias', 'stratos scale --help'],
    [
      ['subscribe', 'a'],
      'Cannot run "stratos subscribe" as an option is missing: -c, --cartridge <name>',
      'stratos subscribe --help',
    ],
    [
      ['scale', 'a', '--min'],
      'Cannot run "stratos scale" as an option has no value: --min <n>',
      'stratos scale --help',
    ],
    [
      ['scale', 'a', '--min', '-1'],
      'Cannot use "-1" for --min <n>: it is a whole number from 0',
      'stratos scale --help',
    ],
    [['scale', 'a'], 'Cannot scale a as neither --min nor --max is given', 'stratos scale a --min 2'],
    [
      ['reconcile', '--watch', '$(touch x)'],
      'Cannot use "$(touch x)" for --watch <interval>: it is a duration such as 30s, 5m or 1h30m',
      'stratos reconcile --help',
    ],
    [
      ['status', '-o', 'xml'],
      'Cannot use "xml" for -o, --output <format>: allowed choices are table, json, yaml',
      'stratos status --help',
    ],
    [
      ['completion', 'tcsh'],
      'Cannot use "tcsh" for shell: allowed choices are bash, zsh, fish',
      'stratos completion --help',
    ],
    [
      ['subscribe', 'a', '-c', 'php', '--env', '1=2'],
      'Cannot use "1=2" for -e, --env <name=value>: it is NAME=value, or NAME for a variable of this machine',
      'stratos subscribe --help',
    ],
    [
      ['subscribe', 'a', '-c', 'php', '--port', '70000'],
      'Cannot use "70000" for -p, --port <port>: it is a whole number from 1 to 65535',
      'stratos subscribe --help',
    ],
  ])('%j ends with 64 and the next thing to type', async (args, message, hint) => {
    const { code, stdout, stderr } = await cli(args);
    expect(stderr).toBe(`error: ${message}\n    ${hint}\n`);
    expect([code, stdout]).toEqual([64, '']);
  });

  it('is an error document with -o json', async () => {
    const { stdout } = await cli(['statsu', '-o', 'json']);
    expect(JSON.parse(stdout)).toMatchObject({
      kind: 'Error',
      error: { code: 'USAGE', exitCode: 64, hint: 'stratos status' },
    });
  });
});
