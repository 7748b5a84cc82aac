import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { cartridgeUseCases } from '../../src/compose/cartridge-use-cases.ts';
import type { UseCases } from '../../src/commands/use-cases.ts';
import type { Deps } from '../../src/reconcile/deps.ts';
import { directoryStore } from '../../src/store/directory-store.ts';
import type { DirectoryStore } from '../../src/store/directory-store.ts';
import { aSpec, cli } from './support.ts';

/** A store with one image `a:1`, which the spec's only cartridge `php` needs as `image`. */
async function project(image: string): Promise<{ readonly store: DirectoryStore; readonly deps: Partial<Deps> }> {
  const directory = await mkdtemp(join(tmpdir(), 'stratos-cartridge-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const store = directoryStore(directory);
  await store.addImage('a:1', [], { architecture: 'amd64', os: 'linux' });
  const { php, ...spec } = { ...aSpec(), php: Object.values(aSpec().cartridges)[0] };
  if (!php) throw new Error('the sample has no cartridge');
  const loadSpec = () => Promise.resolve({ ...spec, cartridges: { php: { ...php, image } } });
  return { store, deps: { loadSpec, storeOf: () => Promise.resolve(store) } };
}
const names = async (store: DirectoryStore): Promise<readonly string[]> =>
  (await store.list()).map(({ reference }) => reference);
const removing = (deps: Partial<Deps>, ...args: readonly string[]) =>
  cli(['cartridge', 'rm', ...args], { deps, use: { removeCartridges: cartridgeUseCases.removeCartridges } });

describe('stratos cartridge rm', () => {
  it('keeps what the spec names, and removes nothing beside it, unless forced', async () => {
    const { store, deps } = await project('a:1');
    const image = await store.find('a:1');
    await store.tag('b:1', image?.digest ?? '');
    const { code, stderr } = await removing(deps, 'b:1', 'a:1');
    expect(code).toBe(1);
    expect(stderr).toContain('Cannot remove a:1 as cartridges of the spec need it: php');
    expect(stderr).toContain('stratos cartridge rm --force a:1');
    expect((await removing(deps, image?.digest ?? '')).code).toBe(1);
    expect(await names(store)).toEqual(['a:1', 'b:1']);
    expect((await removing(deps, 'b:1')).code).toBe(0);
    expect((await removing(deps, '--force', 'a:1')).code).toBe(0);
    expect(await names(store)).toEqual([]);
  });

  it('keeps the last name of a digest that the spec pins', async () => {
    const { store, deps } = await project('sha256:000000000000');
    const digest = (await store.find('a:1'))?.digest ?? '';
    const pinned = { ...deps, loadSpec: (await project(digest)).deps.loadSpec ?? (() => Promise.reject(new Error())) };
    await store.tag('b:1', digest);
    expect((await removing(pinned, 'b:1')).code).toBe(0);
    expect((await removing(pinned, 'a:1')).code).toBe(1);
    expect((await removing(deps, 'a:1')).code).toBe(0);
  });
});

describe('stratos cartridge import', () => {
  it.each([
    [[], true],
    [['/init'], false],
  ])('of an image that runs %j warns: %s', async (argv, warns) => {
    const run = { argv, env: {}, user: '', workingDir: '/', ports: [] };
    const image = { digest: `sha256:${'a'.repeat(64)}`, layers: [], run, architecture: 'amd64', labels: {} } as never;
    const use = { importCartridge: () => Promise.resolve([{ references: ['x:1'], image }]) };
    const { stdout } = await cli(['cartridge', 'import', 'x.tar', '-t', 'x:1'], { use });
    expect(stdout.includes('it has no program: give one with `-- program`')).toBe(warns);
  });
});

describe('cartridge build', () => {
  it.each([
    [['.'], { noCache: false }],
    [['.', '--no-cache'], { noCache: true }],
    [['.', '--on', 'web-1', '--tag', 'a:1'], { noCache: false, on: 'web-1', tag: 'a:1' }],
  ])('of %j builds with %j', async (args, expected) => {
    const seen: object[] = [];
    const image = {
      digest: `sha256:${'a'.repeat(64)}`,
      layers: [],
      run: {},
      architecture: 'amd64',
      labels: {},
    } as never;
    const buildCartridge: UseCases['buildCartridge'] = (_deps, _directory, { signal: _, ...settings }) => {
      seen.push(settings);
      return Promise.resolve({ references: ['a:1'], image });
    };
    await cli(['cartridge', 'build', ...args], { use: { buildCartridge } });
    expect(seen).toEqual([expected]);
  });
});
