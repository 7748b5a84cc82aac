import { chmod, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { geteuid } from 'node:process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadCompiled, type CompiledCodeSettings } from '../../../src/compose/compiled-code.ts';

let folder: string;
let settings: CompiledCodeSettings;
let exits: (() => void)[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stratos-compiled-'));
  exits = [];
  settings = {
    file: join(folder, 'run.js'),
    build: 'b1',
    kind: 'status',
    cache: join(folder, 'cache'),
    user: geteuid?.(),
    onExit: (listener) => exits.push(listener),
  };
  await writeFile(settings.file, 'exports.where = __dirname; exports.sep = require("node:path").sep;');
});

afterEach(() => rm(folder, { recursive: true }));

const run = (change: Partial<CompiledCodeSettings> = {}): unknown => {
  const program = loadCompiled({ ...settings, ...change });
  for (const exit of exits.splice(0)) exit();
  return program;
};
const kept = () => readdir(join(folder, 'cache'));

describe('loadCompiled', () => {
  it('runs a CommonJS bundle and keeps its code for its user only', async () => {
    expect(run()).toEqual({ where: folder, sep: '/' });
    expect(await kept()).toEqual(['status.b1']);
    expect((await stat(join(folder, 'cache/status.b1'))).mode & 0o777).toBe(0o600);
  });

  it('uses what it kept, and writes nothing then', () => {
    run();
    loadCompiled(settings);
    expect(exits).toEqual([]);
  });

  it('keeps one version of each kind', async () => {
    run();
    run({ kind: 'plan' });
    run({ build: 'b2' });
    expect((await kept()).sort()).toEqual(['plan.b1', 'status.b2']);
  });

  it.each([
    ['others can write', { mode: 0o622 }],
    ['somebody else wrote', { mode: 0o600, user: -1 }],
  ])('does not use what %s', async (_why, { mode, user }: { mode: number; user?: number }) => {
    run();
    await chmod(join(folder, 'cache/status.b1'), mode);
    loadCompiled({ ...settings, user: user ?? geteuid?.() });
    expect(exits).toHaveLength(1);
  });

  it('runs without a cache, with a damaged one and where none can be written', async () => {
    expect(run({ cache: undefined })).toEqual({ where: folder, sep: '/' });
    run();
    await writeFile(join(folder, 'cache/status.b1'), 'damaged');
    expect(run()).toEqual({ where: folder, sep: '/' });
    expect(run({ cache: join(settings.file, 'under-a-file') })).toEqual({ where: folder, sep: '/' });
  });
});
