/** What `show`, `verify`, `sbom` and `sign` do with an image that is at a store and not on this machine. */
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { trustUseCases } from '../../src/compose/trust-use-cases.ts';
import { loadSpec } from '../../src/inventory/load-spec.ts';
import type { Image } from '../../src/model/image.ts';
import { directoryStore } from '../../src/store/directory-store.ts';
import { MEDIA } from '../../src/store/oci.ts';
import { openRegistry } from '../../src/store/open-registry.ts';
import { ociArchitecture } from '../../src/store/platform.ts';
import { tar } from '../support/tar.ts';
import { cli } from './support.ts';

const STATUS = 'Package: curl\nStatus: install ok installed\nArchitecture: amd64\nVersion: 7.88.1-10\n';
let directory: string;
let image: Image;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'remote-image-'));
  await writeFile(
    join(directory, 'stratos.yaml'),
    'apiVersion: stratos/v1\nstores: { shelf: { kind: directory, path: shelf } }\n',
  );
  image = await put('shelf', 'team/php:8.2', STATUS);
});
afterEach(() => rm(directory, { recursive: true, force: true }));

/** An image of one layer in a directory of the project. */
async function put(store: string, name: string, status: string): Promise<Image> {
  const to = directoryStore(join(directory, store));
  const bytes = tar([{ name: 'var/lib/dpkg/status', content: status }]);
  const blob = await to.addBlob(
    (async function* () {
      yield await Promise.resolve(zstdCompressSync(bytes));
    })(),
  );
  const diffId = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  const layer = { mediaType: MEDIA.layerZstd, ...blob, diffId };
  return to.addImage(name, [layer], { architecture: ociArchitecture(), os: 'linux', config: { Cmd: ['/bin/true'] } });
}

const run = (...args: readonly string[]) =>
  cli(['cartridge', ...args], {
    use: trustUseCases,
    deps: {
      directory,
      loadSpec: () => loadSpec(directory),
      storeOf: ({ store }) => Promise.resolve(directoryStore(store.path)),
      openStore: (store) => openRegistry(store, { env: {} }),
      env: {},
    },
  });
const document = async (...args: readonly string[]): Promise<Record<string, unknown>> =>
  JSON.parse((await run(...args, '-o', 'json')).stdout) as Record<string, unknown>;

describe('an image at a store', () => {
  it('is shown and verified where it is', async () => {
    expect(await document('show', 'shelf:team/php:8.2')).toMatchObject({ store: 'shelf', digest: image.digest });
    const { code, stdout } = await run('verify', 'shelf:team/php:8.2');
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^verified shelf:team\/php:8\.2 at shelf \(.*; layers are there, and compared when they are/,
    );
    await expect(readFile(join(directory, '.stratos/store/index.json'))).rejects.toThrow();
  });

  it('is not whole when a layer is missing', async () => {
    const [layer] = image.layers;
    await rm(directoryStore(join(directory, 'shelf')).blobPath(layer?.digest ?? ''));
    const { code, stderr } = await run('verify', 'shelf:team/php:8.2');
    expect(code).toBe(1);
    expect(stderr).toContain(`Cannot verify shelf:team/php:8.2 as shelf lacks a layer of it: ${layer?.digest ?? '-'}`);
  });

  it('has its packages listed while they arrive, and the list attached', async () => {
    expect(await document('sbom', 'shelf:team/php:8.2', '--attach')).toMatchObject({
      store: 'shelf',
      packages: [{ kind: 'deb', name: 'curl', version: '7.88.1-10' }],
    });
    expect(await document('show', 'shelf:team/php:8.2')).toMatchObject({
      attached: [{ artifactType: 'application/vnd.cyclonedx+json' }],
    });
    const pin = `shelf:team/php@${image.digest}`;
    const bom = JSON.parse((await run('sbom', pin, '--format', 'cyclonedx')).stdout) as {
      metadata: { component: { name: string } };
    };
    expect(bom.metadata.component.name).toBe('shelf:team/php');
  });

  it('is not believed when a layer is another than its digest says', async () => {
    const [layer] = image.layers;
    const path = directoryStore(join(directory, 'shelf')).blobPath(layer?.digest ?? '');
    const bytes = await readFile(path);
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    await writeFile(path, bytes);
    expect((await run('sbom', 'shelf:team/php:8.2')).code).toBe(1);
  });

  it('comes after the one of this machine, unless it is asked for', async () => {
    const here = await put('.stratos/store', 'shelf:team/php:8.2', STATUS.replace('10', '11'));
    expect((await document('show', 'shelf:team/php:8.2')).digest).toBe(here.digest);
    expect(await document('show', 'shelf:team/php:8.2', '--remote')).toMatchObject({ digest: image.digest });
  });

  it.each([
    [['show', 'php:8.2'], 'Cannot find image "php:8.2" in the store'],
    [['show', 'php:8.2', '--remote'], 'Cannot tell the registry as the name has none and the spec no default: php:8.2'],
    [['verify', 'shelf:none:1'], 'none:1'],
    [['sign', 'other:team/php:8.2'], 'the spec has none of this name: "other"'],
  ])('%j says what is wrong', async (args, message) => {
    const { code, stderr } = await run(...args);
    expect(code).toBeGreaterThan(0);
    expect(stderr).toContain(message);
  });
});
