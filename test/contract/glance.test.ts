/** The contract of registries on a real Glance, and what is Glance's own. */
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { trustUseCases } from '../../src/compose/trust-use-cases.ts';
import { loadSpec } from '../../src/inventory/load-spec.ts';
import { copyImage } from '../../src/store/copy-image.ts';
import { directoryRegistry } from '../../src/store/directory-registry.ts';
import { directoryStore } from '../../src/store/directory-store.ts';
import { openGlance } from '../../src/store/glance/open-glance.ts';
import { openRegistry } from '../../src/store/open-registry.ts';
import type { ImageRegistry } from '../../src/store/registry.ts';
import { cli } from '../cli/support.ts';
import { madeImage } from '../host/store/made-image.ts';
import { glance, imagesIn, type Glance } from '../support/glance.ts';
import { attachment, blobOf, sampleImage, store, streamOf } from '../support/sample-images.ts';
import { tar } from '../support/tar.ts';
import { keyFolder, publicKey } from '../unit/store/trust/keys.ts';
import { registryContract } from './registry.contract.ts';

registryContract('glance', async () => {
  const server = await glance();
  const open = () => openGlance({ name: 'cloud', url: server.url, directory: '/' }, {});
  const first = await open();
  const second = await open();
  return { registry: first, again: () => second, scoped: false, [Symbol.asyncDispose]: server[Symbol.asyncDispose] };
});

describe('glanceRegistry', () => {
  let server: Glance;
  let registry: ImageRegistry;
  beforeAll(async () => {
    server = await glance({ quota: 8_000_000 });
    registry = await openGlance({ name: 'cloud', url: server.url, directory: '/', visibility: 'community' }, {});
  });
  afterAll(() => server[Symbol.asyncDispose]());
  const idle = async (): Promise<void> => {
    const statuses = (await imagesIn(server.url)).map(
      ({ status, stratos_kind }) => `${String(status)} ${String(stratos_kind)}`,
    );
    expect(statuses.filter((each) => !/^active (blob|manifest|tag)$/.test(each))).toEqual([]);
  };

  it('lays an image out so that people find it: names, properties, checksums, visibility', async () => {
    const image = sampleImage([1000]);
    await store(registry, 'team/php', image, '8.2');
    const images = await imagesIn(server.url);
    const tag = images.find(({ name }) => name === 'team/php:8.2');
    expect(tag).toMatchObject({
      ...{ status: 'active', visibility: 'community', disk_format: 'raw', container_format: 'bare', tags: ['stratos'] },
      ...{ stratos_kind: 'tag', stratos_repository: 'team/php', stratos_tag: '8.2' },
      stratos_digest: image.manifest.digest,
      os_hash_value: createHash('sha512').update(image.manifest.bytes).digest('hex'),
    });
    const blob = images.find(({ name }) => name === image.layers[0]?.digest);
    expect(blob).toMatchObject({ stratos_kind: 'blob', size: 1000, visibility: 'community' });
    await registry.remove('team/php', image.manifest.digest);
    expect(await imagesIn(server.url)).toEqual([]);
  });

  it('keeps what another image needs when one is removed', async () => {
    const [one, two] = [sampleImage([1000]), sampleImage([2000])];
    const manifest = JSON.parse(Buffer.from(two.manifest.bytes).toString()) as { layers: object[] };
    const both = blobOf(
      JSON.stringify({
        ...manifest,
        layers: [
          ...manifest.layers,
          { mediaType: 'application/vnd.oci.image.layer.v1.tar', digest: one.layers[0]?.digest, size: 1000 },
        ],
      }),
    );
    const subject = await store(registry, 'a', one, '1');
    await store(registry, 'a', attachment(subject, 'x/y', 'signed'));
    await store(registry, 'b', { ...two, manifest: { ...both, mediaType: two.manifest.mediaType } }, '1');
    await registry.remove('a', one.manifest.digest);
    expect(await registry.hasBlob('b', one.layers[0]?.digest ?? '')).toBe(true);
    expect(await registry.hasBlob('a', one.config.digest)).toBe(false);
    await registry.remove('b', both.digest);
    expect(await imagesIn(server.url)).toEqual([]);
  });

  it('says that the quota is used up, and leaves nothing behind', async () => {
    const blob = blobOf(9_000_000);
    const failure: unknown = await registry
      .writeBlob('a', blob, (from) => streamOf(blob, from))
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ failure: 'refused', message: expect.stringContaining('quota') as string });
    await idle();
  });

  it('goes on after a cut, and leaves nothing of one that lasts', async () => {
    const blob = blobOf(3_000_000);
    let opened = 0;
    async function* flaky(from: number): AsyncGenerator<Uint8Array> {
      opened += 1;
      let sent = 0;
      for await (const chunk of streamOf(blob, from)) {
        sent += chunk.length;
        if (opened === 1 && sent > 1_000_000) throw Object.assign(new Error('cut'), { code: 'ECONNRESET' });
        yield chunk;
      }
    }
    const failure: unknown = await registry.writeBlob('a', blob, flaky).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Error);
    await idle();
    expect(await registry.writeBlob('a', blob, flaky)).toBe('sent');
    await idle();
  });

  it('protects what it is told to protect', async () => {
    const guarded = await openGlance({ name: 'cloud', url: server.url, directory: '/', protect: true }, {});
    const image = sampleImage([500]);
    await store(guarded, 'safe', image, '1');
    const failure: unknown = await guarded.remove('safe', image.manifest.digest).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      failure: 'refused',
      hint: expect.stringMatching(/^openstack image set --unprotected /) as string,
    });
    expect((await guarded.manifest('safe', image.manifest.digest)).bytes).toHaveLength(image.manifest.size);
  });
});

describe('an image at Glance', () => {
  const STATUS = 'Package: curl\nStatus: install ok installed\nArchitecture: amd64\nVersion: 7.88.1-10\n';

  it('is signed, verified, listed and shown by commands, without a copy here; all of it goes with the image', async () => {
    await using server = await glance();
    await using keys = await signingKeys();
    const directory = keys.path('project');
    const made = await madeImage(directoryStore(keys.path('made')), 'php:8.2', [
      { tar: tar([{ name: 'var/lib/dpkg/status', content: STATUS }]) },
    ]);
    await mkdir(directory);
    const stores = `stores: { cloud: { kind: glance, url: ${JSON.stringify(server.url)} } }`;
    await writeFile(join(directory, 'stratos.yaml'), `apiVersion: stratos/v1\n${stores}\n`);
    const cloud = await openGlance({ name: 'cloud', url: server.url, directory }, {});
    await copyImage(
      { registry: directoryRegistry('made', keys.path('made')), repository: 'php', reference: '8.2' },
      { registry: cloud, repository: 'team/php', reference: '8.2' },
      { architecture: made.architecture },
    );
    const run = (...args: readonly string[]) =>
      cli(['cartridge', ...args], {
        use: trustUseCases,
        deps: {
          directory,
          loadSpec: () => loadSpec(directory),
          storeOf: ({ store: { path } }) => Promise.resolve(directoryStore(path)),
          openStore: (given) => openRegistry(given, { env: {} }),
          env: { PATH: process.env.PATH, HOME: directory },
        },
      });
    const must = async (...args: readonly string[]): Promise<string> => {
      const { code, stdout, stderr } = await run(...args);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      return stdout;
    };
    const [name, pin] = ['cloud:team/php:8.2', `cloud:team/php@${made.digest}`];
    const [ann, bob] = [await keys.key('ann'), await keys.key('bob')];
    const signers = await keys.file('signers', `ann ${await publicKey(ann)}`);
    const check = ['verify', name, '--allowed-signers', signers];
    expect((await run(...check)).stderr).toContain('it is not signed');
    await must('sign', name, '--key', bob);
    expect((await run(...check)).stderr).toContain('is of no allowed signer');
    expect(await must('sign', pin, '--key', ann)).toMatch(/^signed cloud:team\/php@\S+ at cloud \(/);
    expect(await must('sign', name, '--key', ann)).toContain('signed');
    expect(await must(...check)).toContain('signed by ann, key SHA256:');
    expect(await must('sbom', name, '--attach')).toMatch(/curl +7\.88\.1-10/);
    const { attached } = JSON.parse(await must('show', name, '-o', 'json')) as { attached: { artifactType: string }[] };
    const signature = 'application/vnd.stratos.cartridge.signature.v1';
    expect(attached.map(({ artifactType }) => artifactType).sort()).toEqual([
      'application/vnd.cyclonedx+json',
      signature,
      signature,
    ]);
    expect(await directoryStore(join(directory, '.stratos/store')).list()).toEqual([]);
    expect((await cloud.list({})).map(({ repository, tag }) => `${repository}:${tag}`)).toEqual(['team/php:8.2']);
    await cloud.remove('team/php', made.digest);
    expect(await imagesIn(server.url)).toEqual([]);
  });
});

/** A folder of keys that goes with its block. */
async function signingKeys(): Promise<Awaited<ReturnType<typeof keyFolder>> & AsyncDisposable> {
  const folder = await keyFolder();
  return { ...folder, [Symbol.asyncDispose]: folder.remove };
}
