import { chmod, mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { runHook, type HookOutcome } from '../../../src/host/run-hook.ts';
import { millis } from '../../../src/model/quantity.ts';

async function project(text: string, mode = 0o755): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), 'stratos-hook-'));
  await mkdir(path.join(directory, 'hooks'));
  const file = path.join(directory, 'hooks/pre-deploy');
  await writeFile(file, text);
  await chmod(file, mode);
  return directory;
}

function run(
  directory: string,
  timeout = 10_000,
  signal = new AbortController().signal,
): Promise<HookOutcome | undefined> {
  const env = { PATH: process.env.PATH, SHOP_DB_PASSWORD: 'hunter2' };
  const facts = { STRATOS_ALIAS: 'shop', STRATOS_MESSAGE: 'a "quoted" $(text)' };
  return runHook({ directory, hook: 'pre-deploy', facts, env, timeout: millis(timeout), signal });
}

describe('runHook', () => {
  it('is nothing where the project has no such hook', async () => {
    expect(await run(await mkdtemp(path.join(tmpdir(), 'stratos-hook-')))).toBeUndefined();
  });

  it('tells the facts as they are, in the project, and inherits nothing that may be secret', async () => {
    const directory = await project(
      '#!/bin/sh\npwd\necho "$STRATOS_ALIAS: $STRATOS_MESSAGE" >&2\nenv | grep -c PASSWORD\nexit 0\n',
    );
    const outcome = await run(directory);
    expect(outcome).toMatchObject({ status: 'ok', code: 0 });
    expect([...(outcome?.output ?? [])].sort()).toEqual([directory, '0', 'shop: a "quoted" $(text)'].sort());
  });

  it('gives the code and the last words of one that fails', async () => {
    expect(await run(await project('#!/bin/sh\necho no window now\nexit 3\n'))).toEqual({
      status: 'failed',
      code: 3,
      output: ['no window now'],
    });
  });

  it('ends one that takes too long, with its children', async () => {
    const directory = await project('#!/bin/sh\necho begun\nsleep 60 &\necho $! >child\nwait\n');
    const outcome = await run(directory, 500);
    expect(outcome).toEqual({ status: 'timeout', output: ['begun'] });
    const child = Number(await readFile(path.join(directory, 'child'), 'utf8'));
    for (let n = 0; n < 50 && (await isAlive(child)); n += 1) await sleep(20);
    expect(await isAlive(child)).toBe(false);
  });

  it('ends one when the run is interrupted', async () => {
    const controller = new AbortController();
    const running = run(await project('#!/bin/sh\nsleep 60\n'), 60_000, controller.signal);
    await sleep(200);
    controller.abort();
    expect(await running).toMatchObject({ status: 'timeout' });
  });

  it('says so where it cannot be run', async () => {
    expect(await run(await project('#!/bin/sh\n', 0o644))).toMatchObject({ status: 'unusable' });
    expect(await run(await project('#!/no/such/shell\n'))).toMatchObject({ status: 'unusable' });
  });
});

/** A zombie is not. */
async function isAlive(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${String(pid)}/stat`, 'utf8').catch(() => '');
  return stat !== '' && !/\) [ZX] /.test(stat);
}
