/** What a registry can do to us, each with the real docker-registry behind a proxy that does it. */
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { RegistryError } from '../../../src/model/errors.ts';
import { copyImage } from '../../../src/store/copy-image.ts';
import { directoryRegistry } from '../../../src/store/directory-registry.ts';
import { MEDIA } from '../../../src/store/oci.ts';
import { openOci } from '../../../src/store/oci/open-oci.ts';
import type { ImageRegistry } from '../../../src/store/registry.ts';
import { auth, dockerConfig, dockerRegistry } from '../../support/docker-registry.ts';
import type { DockerRegistry } from '../../support/docker-registry.ts';
import { faultProxy } from '../../support/fault-proxy.ts';
import type { FaultProxy } from '../../support/fault-proxy.ts';
import { attachment, blobOf, collect, sampleImage, store, streamOf } from '../../support/sample-images.ts';
import { run } from './lab.ts';

const MI = 2 ** 20;
let server: DockerRegistry;
let proxy: FaultProxy;
let registry: ImageRegistry;
let directory: string;
let local: ImageRegistry;
let repository: string;
let count = 0;

beforeAll(async () => {
  server = await dockerRegistry();
  directory = await mkdtemp(join(tmpdir(), 'registry-faults-'));
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});
beforeEach(async () => {
  proxy = await faultProxy(server.url);
  registry = await openOci({ name: 'hub', url: proxy.url }, {});
  count += 1;
  repository = `team/app${String(count)}`;
  local = directoryRegistry('local', join(directory, String(count)));
});
afterEach(() => proxy[Symbol.asyncDispose]());

const failure = async (promise: Promise<unknown>): Promise<RegistryError> => {
  const error: unknown = await promise.then(() => undefined).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(RegistryError);
  return error as RegistryError;
};
const isBlob = (path: string): boolean => path.includes('/blobs/sha256:');
const here = (reference: string) => ({ registry: local, repository, reference });
const there = (reference: string) => ({ registry, repository, reference });
const AMD = { architecture: 'amd64' };

describe('a download', () => {
  it('goes on where the connection was cut at 90 %', async () => {
    const blob = blobOf(20 * MI);
    await registry.writeBlob(repository, blob, (from) => streamOf(blob, from));
    proxy.seen.length = 0;
    proxy.fault = (_, nth) => (nth === 0 ? { kind: 'cut-answer', after: 18 * MI } : undefined);
    expect((await collect(registry.readBlob(repository, blob))).equals(blob.bytes)).toBe(true);
    expect(proxy.seen).toHaveLength(2);
    expect(proxy.seen[1]?.headers.range).toMatch(/^bytes=\d+-$/);
    expect(proxy.seen.reduce((sum, { received }) => sum + received, 0)).toBeLessThan(20.2 * MI);
  });

  it('goes on in the next run where the registry went away at 90 %', async () => {
    const image = sampleImage([20 * MI]);
    await store(registry, repository, image, '1');
    proxy.seen.length = 0;
    let away = false;
    proxy.fault = ({ path, method }) => {
      if (away) return { kind: 'answer', status: 503 };
      if (method !== 'GET' || !path.includes(image.layers[0]?.digest ?? '')) return undefined;
      away = true;
      return { kind: 'cut-answer', after: 18 * MI };
    };
    expect((await failure(copyImage(there('1'), here('1'), AMD))).failure).toBe('unavailable');
    expect(await local.resolve(repository, '1')).toBeUndefined();
    away = false;
    proxy.fault = () => undefined;
    proxy.seen.length = 0;
    const again = await copyImage(there('1'), here('1'), AMD);
    expect(again.digest).toBe(image.manifest.digest);
    expect(proxy.seen.reduce((sum, { received }) => sum + received, 0)).toBeLessThan(2.5 * MI);
    expect((await local.resolve(repository, '1'))?.digest).toBe(image.manifest.digest);
  });

  it('takes a registry that knows no ranges', async () => {
    const blob = blobOf(4 * MI);
    await registry.writeBlob(repository, blob, (from) => streamOf(blob, from));
    proxy.seen.length = 0;
    proxy.fault = (request, nth) => {
      delete request.headers.range;
      return nth === 0 ? { kind: 'cut-answer', after: 3 * MI } : undefined;
    };
    expect((await collect(registry.readBlob(repository, blob))).equals(blob.bytes)).toBe(true);
  });

  it('refuses a blob with one wrong byte, and keeps nothing of it', async () => {
    const image = sampleImage([2 * MI]);
    await store(registry, repository, image, '1');
    proxy.fault = ({ path, method }) =>
      method === 'GET' && path.includes(image.layers[0]?.digest ?? '') ? { kind: 'corrupt', at: 70_000 } : undefined;
    const error = await failure(copyImage(there('1'), here('1'), AMD));
    expect(error).toMatchObject({ failure: 'damaged', registry: 'hub' });
    expect(error.message).toMatch(/^Cannot read team\/app\d+@sha256:\w+ as what arrives has another digest: 127/);
    expect(await local.resolve(repository, '1')).toBeUndefined();
    expect(await local.hasBlob(repository, image.layers[0]?.digest ?? '')).toBe(false);
    proxy.fault = () => undefined;
    expect((await copyImage(there('1'), here('1'), AMD)).digest).toBe(image.manifest.digest);
    expect(
      (await readdir(join(directory, String(count), 'blobs/sha256'))).filter((name) => name.startsWith('.')),
    ).toEqual([]);
  });

  it('refuses a blob of another length', async () => {
    const blob = blobOf(1000);
    await registry.writeBlob(repository, blob, (from) => streamOf(blob, from));
    for (const size of [999, 1001]) {
      const error = await failure(collect(registry.readBlob(repository, { ...blob, size })));
      expect(error.failure).toBe('damaged');
      expect(error.message).toContain(`it has 1000 bytes there, not ${String(size)}`);
      proxy.fault = () => ({ kind: 'headers', headers: { 'content-length': undefined } });
      expect((await failure(collect(registry.readBlob(repository, { ...blob, size: 999 })))).message).toContain(
        'more than its 999 bytes arrive',
      );
      proxy.fault = () => undefined;
    }
  });

  it('ends when it is told to, and keeps what has arrived', async () => {
    const image = sampleImage([20 * MI]);
    await store(registry, repository, image, '1');
    const stop = new AbortController();
    const onProgress = (done: number): void => {
      if (done > 10 * MI) stop.abort();
    };
    await expect(copyImage(there('1'), here('1'), { ...AMD, onProgress, signal: stop.signal })).rejects.toThrow(
      'Interrupted',
    );
    proxy.seen.length = 0;
    await copyImage(there('1'), here('1'), AMD);
    expect(proxy.seen.reduce((sum, { received }) => sum + received, 0)).toBeLessThan(11 * MI);
  });
});

describe('a download into a full disk', () => {
  it('leaves nothing half there, says so, and goes on once there is room', async () => {
    const small = join(directory, 'small');
    await mkdir(small);
    await run('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'small', small]);
    try {
      const layout = join(small, 'store');
      local = directoryRegistry('local', layout);
      const names = () => readdir(join(layout, 'blobs/sha256'));
      // Two that arrive side by side and have no room together, after a small one that has.
      const image = sampleImage([MI, 6 * MI, 6 * MI]);
      await store(registry, repository, image, '1');
      const full = await failure(copyImage(there('1'), here('1'), AMD));
      expect(full).toMatchObject({ failure: 'refused', hint: `df -h ${layout}/blobs/sha256` });
      expect(full.message).toMatch(/^Cannot store the blob of 6291456 bytes as the disk is full: /);
      expect(await local.list({})).toEqual([]);
      expect((await names()).filter((name) => !/^[0-9a-f]{64}$/.test(name))).toEqual([]);

      await run('mount', ['-o', 'remount,size=32m', small]);
      proxy.seen.length = 0;
      expect((await copyImage(there('1'), here('1'), AMD)).digest).toBe(image.manifest.digest);
      const layers = proxy.seen.filter(({ path, method }) => method === 'GET' && isBlob(path));
      expect(layers.map(({ path }) => path).join()).not.toContain(image.layers[0]?.digest);
      for (const layer of image.layers)
        expect((await collect(local.readBlob(repository, layer))).equals(layer.bytes)).toBe(true);

      // Not a byte more: neither manifest nor index can be written.
      const before = await names();
      await run('sh', ['-c', 'cat /dev/zero >"$1" 2>/dev/null || :', 'sh', join(small, 'filler')]);
      expect((await failure(copyImage(there('1'), here('2'), AMD))).message).toMatch(/as the disk is full: /);
      expect((await failure(local.remove(repository, '1'))).message).toBe(
        `Cannot write the cartridge store as the disk is full: ${layout}`,
      );
      expect((await local.list({})).map(({ tag }) => tag)).toEqual(['1']);
      expect(await names()).toEqual(before);
      await rm(join(small, 'filler'));
      await copyImage(there('1'), here('2'), AMD);
      expect((await local.list({})).map(({ tag }) => tag)).toEqual(['1', '2']);
    } finally {
      await run('umount', [small]);
    }
  });
});

describe('an upload', () => {
  it('goes on where the connection was cut between chunks, at 80 %', async () => {
    const blob = blobOf(40 * MI);
    let cut = false;
    proxy.fault = ({ method }) => {
      const patches = proxy.seen.filter((request) => request.method === 'PATCH').length;
      if (method !== 'PATCH' || cut || patches < 5) return undefined;
      cut = true;
      return { kind: 'answer', status: 503 };
    };
    expect(await registry.writeBlob(repository, blob, (from) => streamOf(blob, from))).toBe('sent');
    expect(cut).toBe(true);
    expect(proxy.seen.reduce((sum, { sent }) => sum + sent, 0)).toBe(40 * MI);
    expect((await collect(registry.readBlob(repository, blob))).equals(blob.bytes)).toBe(true);
  });

  // docker-registry forgets a session whose chunk was cut: "upload resumed at wrong offset".
  it('that was cut in a chunk is taken up as the registry allows', async () => {
    const blob = blobOf(20 * MI);
    let cut = false;
    proxy.fault = ({ method }) => {
      if (method !== 'PATCH' || cut) return undefined;
      cut = true;
      return { kind: 'cut-request', after: 4 * MI };
    };
    await registry.writeBlob(repository, blob, (from) => streamOf(blob, from));
    expect((await collect(registry.readBlob(repository, blob))).equals(blob.bytes)).toBe(true);
  });

  it('goes on when only an answer was lost', async () => {
    const blob = blobOf(20 * MI);
    for (const method of ['PATCH', 'PUT']) {
      let lost = false;
      proxy.fault = (request) => {
        if (request.method !== method || lost) return undefined;
        lost = true;
        return { kind: 'lose-answer' };
      };
      const name = `${repository}-${method.toLowerCase()}`;
      await registry.writeBlob(name, blob, (from) => streamOf(blob, from));
      expect(lost).toBe(true);
      expect((await collect(registry.readBlob(name, blob))).equals(blob.bytes)).toBe(true);
    }
  });

  it('of a small blob is repeated when it was cut', async () => {
    const blob = blobOf(MI);
    let cut = false;
    proxy.fault = ({ method }) => {
      if (method !== 'PUT' || cut) return undefined;
      cut = true;
      return { kind: 'cut-request', after: 900_000 };
    };
    await registry.writeBlob(repository, blob, (from) => streamOf(blob, from));
    expect((await collect(registry.readBlob(repository, blob))).equals(blob.bytes)).toBe(true);
  });

  it('begins anew when the registry forgot it', async () => {
    const blob = blobOf(20 * MI);
    let step = 0;
    proxy.fault = ({ method, path }) => {
      if (step === 0 && method === 'PATCH' && proxy.seen.filter((each) => each.method === 'PATCH').length === 2) {
        step = 1;
        return { kind: 'answer', status: 500 };
      }
      if (step === 1 && method === 'GET' && path.includes('/uploads/')) {
        step = 2;
        return { kind: 'answer', status: 404 };
      }
      return undefined;
    };
    await registry.writeBlob(repository, blob, (from) => streamOf(blob, from));
    expect(step).toBe(2);
    expect((await collect(registry.readBlob(repository, blob))).equals(blob.bytes)).toBe(true);
  });

  it('that fails for good leaves no session behind', async () => {
    const blob = blobOf(20 * MI);
    proxy.fault = ({ method }) =>
      method === 'PATCH' ? { kind: 'answer', status: 400, body: '{"errors":[{"code":"UNSUPPORTED"}]}' } : undefined;
    const error = await failure(registry.writeBlob(repository, blob, (from) => streamOf(blob, from)));
    expect(error).toMatchObject({ failure: 'refused' });
    expect(error.message).toContain('hub answers 400 (UNSUPPORTED)');
    expect(proxy.seen.at(-1)?.method).toBe('DELETE');
  });

  it('does not mount what another repository has no more', async () => {
    const image = sampleImage([1000]);
    await store(registry, `${repository}-from`, image, '1');
    proxy.fault = ({ path }) => (path.includes('mount=') ? { kind: 'answer', status: 403 } : undefined);
    const result = await copyImage({ ...there('1'), repository: `${repository}-from` }, there('1'), AMD);
    expect(result.blobs).toMatchObject({ mounted: 0, sent: 2 });
  });
});

describe('a registry', () => {
  it('that asks to wait is left alone for so long', async () => {
    proxy.fault = (_, nth) =>
      nth === 0 ? { kind: 'answer', status: 429, headers: { 'retry-after': '1' } } : undefined;
    const started = performance.now();
    expect(await registry.resolve(repository, '1')).toBeUndefined();
    expect(performance.now() - started).toBeGreaterThan(990);
    const date = new Date(Date.now() + 2000).toUTCString();
    proxy.fault = (_, nth) =>
      nth === 2 ? { kind: 'answer', status: 503, headers: { 'retry-after': date } } : undefined;
    expect(await registry.resolve(repository, '1')).toBeUndefined();
  });

  it('that asks to wait too long is told of', async () => {
    proxy.fault = () => ({ kind: 'answer', status: 429, headers: { 'retry-after': '3600' } });
    const error = await failure(registry.resolve(repository, '1'));
    expect(error).toMatchObject({ failure: 'rate-limited', retryAfter: 3_600_000 });
    expect(error.message).toBe(
      `Cannot find ${repository}:1 as it has been asked too often: ${proxy.host}; it asks to wait 1h`,
    );
    expect(proxy.seen).toHaveLength(1);
  });

  it('that stumbles is asked again', async () => {
    const image = sampleImage([1000]);
    const times = new Map<string, number>();
    proxy.fault = ({ method, path }) => {
      const key = `${method} ${path.replace(/uploads\/.*/, 'uploads')}`;
      times.set(key, (times.get(key) ?? 0) + 1);
      return (times.get(key) ?? 0) < 3 ? { kind: 'answer', status: 502 } : undefined;
    };
    await store(registry, repository, image, '1');
    expect((await registry.manifest(repository, '1')).descriptor.digest).toBe(image.manifest.digest);
  });

  it('that stays broken is given up after five times', async () => {
    proxy.fault = () => ({
      kind: 'answer',
      status: 500,
      body: '{"errors":[{"code":"UNKNOWN","message":"disk\\nfull"}]}',
    });
    const error = await failure(registry.manifest(repository, '1'));
    expect(error.failure).toBe('unavailable');
    expect(error.message).toBe(`Cannot read ${repository}:1 as hub answers 500 (UNKNOWN: disk full): ${proxy.host}`);
    expect(proxy.seen).toHaveLength(5);
  });

  it('that is down is named', async () => {
    await proxy[Symbol.asyncDispose]();
    const error = await failure(registry.check());
    expect(error.failure).toBe('unavailable');
    expect(error.message).toBe(`Cannot use hub as nobody listens there: ${proxy.host}`);
    proxy = await faultProxy(server.url);
  });

  it.each([
    [401, 'unauthorized', 'it wants to know who asks', 'stratos store login hub'],
    [403, 'unauthorized', 'it does not allow it', 'stratos store login hub'],
    [404, 'not-found', 'it has no such thing', undefined],
    [405, 'refused', 'it does not do that', undefined],
  ])('that answers %i is understood', async (status, kind, why, hint) => {
    proxy.fault = () => ({ kind: 'answer', status });
    const error = await failure(registry.manifest(repository, '1'));
    expect(error).toMatchObject({ failure: kind, hint });
    expect(error.message).toBe(`Cannot read ${repository}:1 as ${why}: ${proxy.host}`);
  });

  it('that gives another manifest than its digest says is not believed', async () => {
    const [one, other] = [sampleImage([10]), sampleImage([10])];
    await store(registry, repository, one, '1');
    await store(registry, repository, other, '2');
    proxy.fault = (request) => {
      if (request.path.includes(one.manifest.digest))
        return {
          kind: 'answer',
          status: 200,
          headers: { 'content-type': MEDIA.manifest },
          body: Buffer.from(other.manifest.bytes).toString(),
        };
      return { kind: 'headers', headers: { 'docker-content-digest': one.manifest.digest } };
    };
    expect((await failure(registry.manifest(repository, one.manifest.digest))).failure).toBe('damaged');
    expect((await failure(registry.manifest(repository, '2'))).message).toMatch(
      /another digest: sha256:\w+, not sha256/,
    );
  });

  it('that has a manifest of a form that is refused is told why', async () => {
    const types = [
      ['application/vnd.docker.distribution.manifest.v1+prettyjws', '{"schemaVersion":1,"fsLayers":[]}', /schema 1/],
      [MEDIA.manifest, '<html>', /not JSON/],
    ] as const;
    for (const [type, body, message] of types) {
      proxy.fault = () => ({ kind: 'answer', status: 200, headers: { 'content-type': type }, body });
      await expect(copyImage(there('1'), here('1'), AMD)).rejects.toThrow(message);
    }
    proxy.fault = () => ({
      kind: 'answer',
      status: 200,
      headers: { 'content-type': MEDIA.manifest },
      body: 'x'.repeat(5 * MI),
    });
    expect((await failure(registry.manifest(repository, '1'))).message).toContain('larger than a manifest may be');
  });

  it('that says no digests is read all the same', async () => {
    const image = sampleImage([10]);
    await store(registry, repository, image, '1');
    proxy.fault = () => ({ kind: 'headers', headers: { 'docker-content-digest': undefined } });
    expect(await registry.resolve(repository, '1')).toMatchObject({ digest: image.manifest.digest });
  });

  it('that lists in pages is read to the end', async () => {
    proxy.fault = ({ path }) => {
      const last = new URL(path, proxy.url).searchParams.get('last');
      const headers = last === null ? { link: `</v2/${repository}/tags/list?n=1000&last=a>; rel="next"` } : undefined;
      return {
        kind: 'answer',
        status: 200,
        ...(headers && { headers }),
        body: JSON.stringify({ tags: last === null ? ['a'] : ['b'] }),
      };
    };
    expect((await registry.list({ repository })).map(({ tag }) => tag)).toEqual(['a', 'b']);
  });

  it('without a list of repositories says so', async () => {
    proxy.fault = () => ({ kind: 'answer', status: 404 });
    expect((await failure(registry.list({ search: 'x' }))).message).toBe(
      'Cannot list repositories as hub has no list of them',
    );
  });

  it('with the referrers API lists by itself', async () => {
    const subject = await store(registry, repository, sampleImage([10]), '1');
    const signature = attachment(subject, 'x/y', 'one');
    proxy.fault = ({ method, path }) =>
      method === 'PUT' && path.includes('/manifests/')
        ? { kind: 'headers', headers: { 'oci-subject': subject.digest } }
        : undefined;
    await store(registry, repository, signature);
    expect(await registry.resolve(repository, subject.digest.replace(':', '-'))).toBeUndefined();
    const listed = { mediaType: MEDIA.manifest, digest: signature.manifest.digest, size: 1, artifactType: 'x/y' };
    const body = JSON.stringify({
      schemaVersion: 2,
      mediaType: MEDIA.index,
      manifests: [listed, { ...listed, artifactType: 'other' }],
    });
    proxy.fault = ({ path }) => (path.includes('/referrers/') ? { kind: 'answer', status: 200, body } : undefined);
    expect(await registry.referrers(repository, subject.digest, 'x/y')).toEqual([listed]);
  });

  it('does not learn our password from one it sends us to', async () => {
    const user = { name: 'ann', password: 'secret' };
    const locked = await dockerRegistry({ user });
    const other = await faultProxy(locked.url);
    try {
      other.fault = () => ({ kind: 'answer', status: 200, body: 'elsewhere' });
      const blob = blobOf('elsewhere');
      const front = await faultProxy(locked.url);
      const env = await dockerConfig(locked.directory, { auths: { [front.host]: auth(user.name, user.password) } });
      const ours = await openOci({ name: 'hub', url: front.url }, env);
      await ours.writeBlob(repository, blob, (from) => streamOf(blob, from));
      front.fault = ({ path, method, headers }) =>
        method === 'GET' && isBlob(path) && headers.authorization !== undefined
          ? { kind: 'answer', status: 307, headers: { location: `${other.url}/blob` } }
          : undefined;
      expect((await collect(ours.readBlob(repository, blob))).toString()).toBe('elsewhere');
      expect(other.seen).toHaveLength(1);
      expect(other.seen[0]?.headers.authorization).toBeUndefined();
      await front[Symbol.asyncDispose]();
    } finally {
      await other[Symbol.asyncDispose]();
      await locked[Symbol.asyncDispose]();
    }
  });
});
