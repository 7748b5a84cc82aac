import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { cartridgeUseCases } from '../../src/compose/cartridge-use-cases.ts';
import type { PruneSettings } from '../../src/commands/cartridge-use-cases.ts';
import type { UseCases } from '../../src/commands/use-cases.ts';
import { trustUseCases } from '../../src/compose/trust-use-cases.ts';
import { bytes } from '../../src/model/quantity.ts';
import type { Deps } from '../../src/reconcile/deps.ts';
import { attach } from '../../src/store/artifact.ts';
import { directoryRegistry } from '../../src/store/directory-registry.ts';
import { directoryStore } from '../../src/store/directory-store.ts';
import type { DirectoryStore } from '../../src/store/directory-store.ts';
import { attachProvenance, type Material } from '../../src/store/provenance.ts';
import { SIGNATURE_TYPE } from '../../src/store/trust/signatures.ts';
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

describe('stratos cartridge prune', () => {
  const pruned = { removed: ['a:1'], kept: [], freed: bytes(2048), builds: { count: 2, freed: bytes(4096) } };
  const pruning = async (result: typeof pruned, ...args: readonly string[]) => {
    const asked: PruneSettings[] = [];
    const pruneCartridges = (_deps: Deps, settings: PruneSettings) => {
      asked.push(settings);
      return Promise.resolve(result);
    };
    const { stdout } = await cli(['cartridge', 'prune', ...args], { use: { pruneCartridges } });
    return { stdout, asked };
  };

  it('says what is gone of images and of builds, and what would go', async () => {
    expect((await pruning(pruned)).stdout).toBe('removed a:1; 2Ki freed\nremoved 2 folders of builds; 4Ki freed\n');
    expect((await pruning(pruned, '--dry-run')).stdout).toBe(
      'would remove a:1\nwould remove 2 folders of builds; 4Ki\n',
    );
    const none = { ...pruned, removed: [], builds: { count: 0, freed: bytes(0) } };
    expect((await pruning(none)).stdout).toBe('nothing to remove\n');
  });

  it('leaves alone for a week what a build has used, or as long as it is told', async () => {
    expect((await pruning(pruned)).asked).toMatchObject([{ keep: 3, unused: 7 * 24 * 3_600_000, dryRun: false }]);
    expect((await pruning(pruned, '--on', 'web-1', '--unused', '1h')).asked).toMatchObject([
      { on: 'web-1', unused: 3_600_000 },
    ]);
  });
});

describe('stratos cartridge show', () => {
  it('tells of the base by name and digest, who made it, and whether it is signed', async () => {
    const { store, deps } = await project('a:1');
    const base = await store.find('a:1');
    const digest = base?.digest ?? '';
    const made = await store.addImage('b:1', [], {
      architecture: 'amd64',
      os: 'linux',
      created: '2026-01-01T00:00:00Z',
    });
    const registry = directoryRegistry('store', store.directory);
    const at = '2026-05-01T10:00:00.000Z';
    const origin = { how: 'build', who: 'ann@laptop', at, tool: '1' } as const;
    const say = async (repository: string, subject: string, from: readonly Material[]): Promise<void> => {
      const found = await registry.resolve(repository, subject);
      if (found) await attachProvenance({ registry, repository }, found, { ...origin, from });
    };
    await say('a', digest, [{ uri: 'dir:base' }]);
    const gone = `sha256:${'c'.repeat(64)}`;
    await say('b', made.digest, [
      { uri: 'dir:b' },
      { uri: 'cartridge:a:1', digest },
      { uri: 'cartridge:gone:1', digest: gone },
    ]);
    const spec = await deps.loadSpec?.();
    if (!spec) throw new Error('there is a spec');
    const loadSpec = () => Promise.resolve({ ...spec, store: { ...spec.store, path: store.directory } });
    const show = (...args: readonly string[]) =>
      cli(['cartridge', 'show', 'b:1', ...args], {
        deps: { ...deps, loadSpec },
        use: { showCartridge: trustUseCases.showCartridge },
      });
    const lines = async () => (await show()).stdout.split('\n').filter((line) => line.startsWith('base'));
    const how = 'made by build on 2026-05-01 10:00 by ann@laptop, from dir:base';
    expect(await lines()).toEqual([
      expect.stringContaining(`a:1 ${digest.slice(7, 19)}; ${how}; not signed`) as string,
      expect.stringContaining('gone:1 cccccccccccc; not in the store') as string,
    ]);
    const subject = await registry.resolve('a', digest);
    if (!subject) throw new Error('there is a base');
    const content = { mediaType: 'text/plain', bytes: Buffer.from('-----BEGIN SSH SIGNATURE-----') };
    await attach({ registry, repository: 'a' }, subject, { artifactType: SIGNATURE_TYPE, content });
    expect((await lines())[0]).toContain('; signed');
    expect(JSON.parse((await show('-o', 'json')).stdout)).toMatchObject({
      bases: [
        { name: 'a:1', digest, provenance: { who: 'ann@laptop' } },
        { name: 'gone:1', digest: gone },
      ],
    });
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
