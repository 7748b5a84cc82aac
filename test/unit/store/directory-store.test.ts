import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NotFoundError, StoreError, UsageError } from '../../../src/model/errors.ts';
import type { Image } from '../../../src/model/image.ts';
import { directoryStore } from '../../../src/store/directory-store.ts';
import type { DirectoryStore } from '../../../src/store/directory-store.ts';
import { MEDIA } from '../../../src/store/oci.ts';

const run = promisify(execFile);
let directory: string;
let store: DirectoryStore;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'store-'));
  store = directoryStore(directory);
});
afterEach(() => rm(directory, { recursive: true, force: true }));

async function* content(text: string): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(Buffer.from(text));
}

/** An image whose only layer is the text; nobody unpacks it here. */
async function add(reference: string, text: string, into = store): Promise<Image> {
  const blob = await into.addBlob(content(text));
  const layer = { mediaType: MEDIA.layer, ...blob, diffId: blob.digest, unpackedSize: text.length };
  const config = { architecture: 'amd64', os: 'linux', config: { Entrypoint: ['/bin/serve'], Cmd: ['-p', '80'] } };
  return into.addImage(reference, [layer], config);
}

describe('directoryStore', () => {
  it('finds an image by name, by tag, by digest and by a prefix of the digest', async () => {
    const image = await add('php:8.2', 'a');
    for (const reference of ['php:8.2', image.digest, image.digest.slice(0, 7 + 12)]) {
      expect((await store.find(reference))?.digest).toBe(image.digest);
    }
    await store.tag('php:latest', image.digest);
    expect((await store.find('php'))?.digest).toBe(image.digest);
    expect(await store.find('php:9')).toBeUndefined();
    expect(image.run.argv).toEqual(['/bin/serve', '-p', '80']);
    expect(image.layers[0]?.unpackedSize).toBe(1);
  });

  it('answers an empty list where there is no store yet', async () => {
    expect(await directoryStore(join(directory, 'nothing')).list()).toEqual([]);
  });

  it('lists names sorted, and moves a name that is given again', async () => {
    await add('tomcat:10', 'b');
    await add('php:8.2', 'a');
    const newer = await add('php:8.2', 'c');
    expect((await store.list()).map((entry) => entry.reference)).toEqual(['php:8.2', 'tomcat:10']);
    expect((await store.find('php:8.2'))?.digest).toBe(newer.digest);
  });

  it('remove frees the blobs that no name reaches and keeps shared ones', async () => {
    const one = await add('one:1', 'shared layer');
    const other = await store.addImage(
      'two:1',
      one.layers.map((layer) => ({ ...layer })),
      { architecture: 'amd64', os: 'linux', config: { Entrypoint: ['/bin/other'] } },
    );
    expect(await store.remove('one:1')).toBeGreaterThan(0);
    expect(await store.find('one:1')).toBeUndefined();
    await store.verify(other);
    expect(await store.blobSize(one.config.digest)).toBeUndefined();
    const freed = await store.remove(other.digest);
    expect(freed).toBeGreaterThan('shared layer'.length);
    expect(await store.blobSize(other.layers[0]?.digest ?? '')).toBeUndefined();
    expect(await store.list()).toEqual([]);
  });

  it('remove leaves the blobs of an image in the making alone', async () => {
    await add('one:1', 'a');
    const blob = await store.addBlob(content('not in an image yet'));
    await store.remove('one:1');
    expect(await store.blobSize(blob.digest)).toBe(blob.size);
  });

  it('remove keeps an image that has another name', async () => {
    const image = await add('one:1', 'a');
    await store.tag('one:2', image.digest);
    expect(await store.remove('one:1')).toBe(0);
    await store.verify(image);
  });

  it('remove and tag refuse what is not there', async () => {
    await expect(store.remove('gone:1')).rejects.toThrow(NotFoundError);
    await expect(store.tag('a:1', `sha256:${'0'.repeat(64)}`)).rejects.toThrow(NotFoundError);
  });

  it('verify names the damaged blob', async () => {
    const image = await add('php:8.2', 'good');
    const layer = image.layers[0]?.digest ?? '';
    await writeFile(store.blobPath(layer), 'evil');
    await expect(store.verify(image)).rejects.toThrow(store.blobPath(layer));
    await rm(store.blobPath(layer));
    await expect(store.verify(image)).rejects.toThrow(/missing/);
  });

  it('find refuses a damaged manifest and says which file it is', async () => {
    const image = await add('php:8.2', 'good');
    await writeFile(store.blobPath(image.digest), '{}');
    const failure = await store.find('php:8.2').catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(StoreError);
    expect((failure as StoreError).message).toContain(store.blobPath(image.digest));
    expect((failure as StoreError).hint).toBeDefined();
    expect(await store.list()).toHaveLength(1);
  });

  it.each([['{'], ['[]'], ['{"manifests":[{"digest":"md5:1"}]}'], ['']])(
    'list refuses a broken index: %s',
    async (text) => {
      await writeFile(join(directory, 'index.json'), text);
      await expect(store.list()).rejects.toThrow(StoreError);
      await expect(store.list()).rejects.toThrow(/index\.json/);
    },
  );

  it('addBlob refuses other content than expected and leaves nothing', async () => {
    await expect(store.addBlob(content('x'), `sha256:${'1'.repeat(64)}`)).rejects.toThrow(StoreError);
    expect(await store.blobSize(`sha256:${'1'.repeat(64)}`)).toBeUndefined();
  });

  it('addImage refuses a layer that is not there', async () => {
    const layer = {
      mediaType: MEDIA.layer,
      digest: `sha256:${'2'.repeat(64)}`,
      size: 1,
      diffId: `sha256:${'2'.repeat(64)}`,
    };
    await expect(store.addImage('x:1', [layer], { architecture: 'amd64', os: 'linux' })).rejects.toThrow(StoreError);
    expect(await store.list()).toEqual([]);
  });

  it('find refuses a reference that is none', async () => {
    await expect(store.find('Not A Name')).rejects.toThrow(UsageError);
  });

  it('loses no name when many writers work at once', async () => {
    const names = Array.from({ length: 12 }, (_, i) => `app-${i}:1`);
    await Promise.all(names.map((name) => add(name, name, directoryStore(directory))));
    expect((await store.list()).map((entry) => entry.reference)).toEqual(names.toSorted());
  });

  it('loses no name when two processes write at once', async () => {
    const image = await add('seed:1', 'a');
    const module = JSON.stringify(join(import.meta.dirname, '../../../src/store/directory-store.ts'));
    const program = (prefix: string): string =>
      `const { directoryStore } = await import(${module}); const store = directoryStore(${JSON.stringify(directory)});
       for (let i = 0; i < 15; i += 1) await store.tag('${prefix}-' + i + ':1', ${JSON.stringify(image.digest)});`;
    await Promise.all(
      ['left', 'right'].map((prefix) => run(process.execPath, ['--input-type=module', '-e', program(prefix)])),
    );
    expect(await store.list()).toHaveLength(31);
  });

  it('reads names that other tools wrote without a tag', async () => {
    await add('php:latest', 'a');
    const path = join(directory, 'index.json');
    await writeFile(path, (await readFile(path, 'utf8')).replace('php:latest', 'php'));
    expect((await store.list())[0]?.reference).toBe('php:latest');
    expect(await store.find('php')).toBeDefined();
  });

  it('chooses this architecture from an index of several', async () => {
    const image = await add('php:8.2', 'a');
    const { ociArchitecture } = await import('../../../src/store/platform.ts');
    const inner = JSON.stringify({
      schemaVersion: 2,
      manifests: [
        { mediaType: MEDIA.manifest, digest: `sha256:${'3'.repeat(64)}`, size: 1, platform: { architecture: 's390x' } },
        { mediaType: MEDIA.manifest, digest: image.digest, size: 1, platform: { architecture: ociArchitecture() } },
      ],
    });
    const blob = await store.addBlob(content(inner));
    const path = join(directory, 'index.json');
    const manifests = [
      { mediaType: MEDIA.index, ...blob, annotations: { 'org.opencontainers.image.ref.name': 'multi:1' } },
    ];
    await writeFile(path, JSON.stringify({ schemaVersion: 2, manifests }));
    expect((await store.find('multi:1'))?.digest).toBe(image.digest);
  });
});
