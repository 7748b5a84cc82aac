/** What every registry of images must do, whatever keeps it. A new adapter is done when this suite passes on it. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { RegistryError, type RegistryFailure } from '../../src/model/errors.ts';
import { ALL_ARCHITECTURES, copyImage } from '../../src/store/copy-image.ts';
import type { ImagePlace } from '../../src/store/copy-image.ts';
import { MEDIA } from '../../src/store/oci.ts';
import type { ImageRegistry } from '../../src/store/registry.ts';
import { checkSignatures, signImage } from '../../src/store/trust/signatures.ts';
import { attachment, blobOf, collect, descriptorOf, sampleImage, store, streamOf } from '../support/sample-images.ts';
import { keyFolder, publicKey } from '../unit/store/trust/keys.ts';

/** One registry that is there, and what a test needs around it. */
export interface RegistrySubject extends AsyncDisposable {
  readonly registry: ImageRegistry;
  /** A second client of the same registry, which remembers nothing of the first. */
  readonly again: () => ImageRegistry | Promise<ImageRegistry>;
  /** Whether blobs are kept by repository, so that one must be mounted or sent to another. */
  readonly scoped: boolean;
}

/** Registers the suite for one adapter. */
export function registryContract(name: string, open: () => Promise<RegistrySubject>): void {
  describe(`ImageRegistry ${name}`, () => {
    let subject: RegistrySubject;
    let registry: ImageRegistry;
    let repository: string;
    beforeAll(async () => {
      subject = await open();
      ({ registry } = subject);
    });
    afterAll(() => subject[Symbol.asyncDispose]());
    beforeEach(() => {
      repository = `contract/${randomUUID()}`;
    });

    const failsWith = async (promise: Promise<unknown>, failure: RegistryFailure): Promise<void> => {
      const error: unknown = await promise.then(() => undefined).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(RegistryError);
      expect(error).toMatchObject({ failure, registry: registry.name });
    };

    it('check passes where it works', async () => {
      await expect(registry.check()).resolves.toBeUndefined();
    });

    it('resolve answers nothing for names that are not there', async () => {
      expect(await registry.resolve(repository, 'none')).toBeUndefined();
      expect(await registry.resolve(repository, blobOf('nothing').digest)).toBeUndefined();
      await failsWith(registry.manifest(repository, 'none'), 'not-found');
      expect(await registry.hasBlob(repository, blobOf('nothing').digest)).toBe(false);
      await failsWith(collect(registry.readBlob(repository, blobOf('nothing'))), 'not-found');
      expect(await registry.list({ repository })).toEqual([]);
      expect(await registry.referrers(repository, blobOf('nothing').digest)).toEqual([]);
    });

    it('putManifest keeps the bytes as they are, under the tag and the digest', async () => {
      const image = sampleImage([10_000], { annotations: { spaced: ' kept ' } });
      const put = await store(registry, repository, image, '8.2');
      expect(put).toMatchObject(descriptorOf(image.manifest, MEDIA.manifest));
      for (const reference of ['8.2', image.manifest.digest]) {
        expect(await registry.resolve(repository, reference)).toMatchObject(put);
        const { descriptor, bytes } = await registry.manifest(repository, reference);
        expect(descriptor).toMatchObject(put);
        expect(Buffer.from(bytes)).toEqual(image.manifest.bytes);
      }
    });

    it('putManifest under a digest needs no tag, and refuses another digest', async () => {
      const image = sampleImage([100]);
      const put = await store(registry, repository, image);
      expect(await registry.resolve(repository, image.manifest.digest)).toMatchObject(put);
      expect(await registry.list({ repository })).toEqual([]);
      const other = sampleImage([100]);
      for (const blob of [...other.layers, other.config])
        await registry.writeBlob(repository, blob, (from) => streamOf(blob, from));
      await failsWith(registry.putManifest(repository, image.manifest.digest, other.manifest), 'refused');
    });

    it('putManifest moves a tag', async () => {
      const [first, second] = [sampleImage([100]), sampleImage([100])];
      await store(registry, repository, first, 'live');
      await store(registry, repository, second, 'live');
      expect((await registry.resolve(repository, 'live'))?.digest).toBe(second.manifest.digest);
      expect((await registry.manifest(repository, first.manifest.digest)).bytes).toHaveLength(first.manifest.size);
    });

    it('writeBlob stores a blob once', async () => {
      const blob = blobOf(300_000);
      expect(await registry.writeBlob(repository, blob, (from) => streamOf(blob, from))).toBe('sent');
      expect(await registry.hasBlob(repository, blob.digest)).toBe(true);
      const open = (): never => {
        throw new Error('nothing to read');
      };
      expect(await registry.writeBlob(repository, blob, open)).toBe('present');
      expect((await collect(registry.readBlob(repository, blob))).equals(blob.bytes)).toBe(true);
    });

    it('writeBlob stores an empty and a large blob', async () => {
      for (const size of [0, 40 * 2 ** 20]) {
        const blob = blobOf(size);
        const seen: number[] = [];
        const onProgress = (done: number): void => void seen.push(done);
        await registry.writeBlob(repository, blob, (from) => streamOf(blob, from), { onProgress });
        expect(seen.at(-1) ?? 0).toBe(size);
        expect((await collect(registry.readBlob(repository, blob))).equals(blob.bytes)).toBe(true);
      }
    });

    it('writeBlob refuses what is not the blob, and shows nothing of it', async () => {
      const blob = blobOf(5000);
      const wrong = blobOf(5000);
      await failsWith(
        registry.writeBlob(repository, blob, (from) => streamOf(wrong, from)),
        'damaged',
      );
      const short = { ...blob, bytes: blob.bytes.subarray(0, 4000) };
      await failsWith(
        registry.writeBlob(repository, blob, (from) => streamOf(short, from)),
        'damaged',
      );
      const long = { ...blob, bytes: Buffer.concat([blob.bytes, Buffer.from('x')]) };
      await failsWith(
        registry.writeBlob(repository, blob, (from) => streamOf(long, from)),
        'damaged',
      );
      expect(await registry.hasBlob(repository, blob.digest)).toBe(false);
      expect(await registry.writeBlob(repository, blob, (from) => streamOf(blob, from))).toBe('sent');
    });

    it('writeBlob by two at once leaves one whole blob', async () => {
      const blob = blobOf(2_000_000);
      const write = (client: ImageRegistry): Promise<string> =>
        client.writeBlob(repository, blob, (from) => streamOf(blob, from));
      await Promise.all([write(registry), write(await subject.again())]);
      expect((await collect(registry.readBlob(repository, blob))).equals(blob.bytes)).toBe(true);
    });

    it('writeBlob ends when it is told to', async () => {
      const blob = blobOf(40 * 2 ** 20);
      const stop = new AbortController();
      async function* slow(from: number): AsyncGenerator<Uint8Array> {
        for await (const chunk of streamOf(blob, from)) {
          yield chunk;
          stop.abort();
        }
      }
      await expect(registry.writeBlob(repository, blob, slow, { signal: stop.signal })).rejects.toThrow();
      expect(await registry.hasBlob(repository, blob.digest)).toBe(false);
    });

    it('readBlob gives the part that is asked for', async () => {
      const blob = blobOf(100_000);
      await registry.writeBlob(repository, blob, (from) => streamOf(blob, from));
      const rest = await collect(registry.readBlob(repository, blob, { from: 99_000 }));
      expect(rest.equals(blob.bytes.subarray(99_000))).toBe(true);
      const wrong = { digest: blob.digest, size: blob.size + 1 };
      await failsWith(collect(registry.readBlob(repository, wrong)), 'damaged');
    });

    it('list names tags, sorted, of one repository or by search', async () => {
      const image = sampleImage([10]);
      for (const tag of ['b', 'a', '10', '9']) await store(registry, repository, image, tag);
      await store(registry, `${repository}-other`, image, 'x');
      const tags = await registry.list({ repository });
      expect(tags.map((entry) => entry.tag)).toEqual(['10', '9', 'a', 'b']);
      for (const entry of tags) expect([undefined, image.manifest.digest]).toContain(entry.digest);
      const search = repository.slice(-20);
      const found = await registry.list({ search });
      expect(found.map((entry) => `${entry.repository}:${entry.tag}`)).toEqual([
        `${repository}:10`,
        `${repository}:9`,
        `${repository}:a`,
        `${repository}:b`,
        `${repository}-other:x`,
      ]);
    });

    it('list has more names than one page of an answer', async () => {
      const image = sampleImage([10]);
      await store(registry, repository, image, 'first');
      const tags = Array.from({ length: 130 }, (_, i) => `t${String(i).padStart(4, '0')}`);
      for (const tag of tags) await registry.putManifest(repository, tag, image.manifest);
      expect((await registry.list({ repository })).map((entry) => entry.tag)).toEqual(['first', ...tags]);
    });

    it('remove takes one tag, or with the digest all', async () => {
      const [first, second] = [sampleImage([10]), sampleImage([10])];
      for (const tag of ['a', 'b']) await store(registry, repository, first, tag);
      await store(registry, repository, second, 'c');
      await registry.remove(repository, 'a');
      expect((await registry.list({ repository })).map((entry) => entry.tag)).toEqual(['b', 'c']);
      expect((await registry.resolve(repository, 'b'))?.digest).toBe(first.manifest.digest);
      await registry.remove(repository, first.manifest.digest);
      expect((await registry.list({ repository })).map((entry) => entry.tag)).toEqual(['c']);
      expect(await registry.resolve(repository, first.manifest.digest)).toBeUndefined();
      await failsWith(registry.remove(repository, 'a'), 'not-found');
      await failsWith(registry.remove(repository, first.manifest.digest), 'not-found');
    });

    it('referrers lists what is attached, by type, and what is removed no more', async () => {
      const image = sampleImage([10]);
      const subjectOf = await store(registry, repository, image, '1');
      const signature = attachment(subjectOf, 'application/vnd.example.signature', 'signed');
      const sbom = attachment(subjectOf, 'application/vnd.example.sbom', 'packages');
      await store(registry, repository, signature);
      await store(registry, repository, sbom);
      await store(registry, repository, sbom);
      const all = await (await subject.again()).referrers(repository, subjectOf.digest);
      expect(new Set(all.map((entry) => entry.digest))).toEqual(
        new Set([signature.manifest.digest, sbom.manifest.digest]),
      );
      expect(all).toHaveLength(2);
      const [found] = await registry.referrers(repository, subjectOf.digest, 'application/vnd.example.signature');
      expect(found).toMatchObject({
        ...descriptorOf(signature.manifest, MEDIA.manifest),
        artifactType: 'application/vnd.example.signature',
        annotations: { 'org.example.text': 'signed' },
      });
      expect((await registry.manifest(repository, signature.manifest.digest)).bytes).toHaveLength(
        signature.manifest.size,
      );
      expect((await registry.list({ repository })).map((entry) => entry.tag)).toEqual(['1']);
      await registry.remove(repository, signature.manifest.digest);
      expect((await registry.referrers(repository, subjectOf.digest)).map((entry) => entry.digest)).toEqual([
        sbom.manifest.digest,
      ]);
    });

    it('referrers has all that two attach one after the other, each in a client of its own', async () => {
      const subjectOf = await store(registry, repository, sampleImage([10]), '1');
      for (const text of ['a', 'b', 'c'])
        await store(await subject.again(), repository, attachment(subjectOf, 'x/y', text));
      expect(await registry.referrers(repository, subjectOf.digest)).toHaveLength(3);
    });

    const place = (name: string, reference: string): ImagePlace => ({ registry, repository: name, reference });
    const copy = { architecture: 'amd64' };

    it('copyImage brings only what is missing', async () => {
      const image = sampleImage([50_000, 60_000]);
      await store(registry, repository, image, '1');
      const target = place(`${repository}-to`, '1');
      const planned = await copyImage(place(repository, '1'), target, { ...copy, dryRun: true });
      expect(await registry.resolve(target.repository, '1')).toBeUndefined();
      expect(planned.blobs.sent).toBe(subject.scoped ? 3 : 0);
      const first = await copyImage(place(repository, '1'), target, copy);
      expect(first).toMatchObject({ digest: image.manifest.digest, unchanged: false });
      if (subject.scoped) expect(first.blobs).toMatchObject({ mounted: 3, sent: 0, bytes: 0 });
      const second = await copyImage(place(repository, '1'), target, copy);
      expect(second).toMatchObject({ unchanged: true, blobs: { sent: 0, mounted: 0 } });
      expect((await registry.resolve(target.repository, '1'))?.digest).toBe(image.manifest.digest);
      for (const layer of image.layers)
        expect((await collect(registry.readBlob(target.repository, layer))).equals(layer.bytes)).toBe(true);
    });

    it('copyImage takes our architecture of an index, or all of it', async () => {
      const [amd, arm] = [sampleImage([10]), sampleImage([20])];
      const entries = [];
      for (const [image, architecture] of [
        [amd, 'amd64'],
        [arm, 'arm64'],
      ] as const)
        entries.push({ ...(await store(registry, repository, image)), platform: { os: 'linux', architecture } });
      const index = blobOf(JSON.stringify({ schemaVersion: 2, mediaType: MEDIA.index, manifests: entries }));
      await registry.putManifest(repository, 'multi', { mediaType: MEDIA.index, bytes: index.bytes });
      const one = await copyImage(place(repository, 'multi'), place(`${repository}-one`, '1'), copy);
      expect(one.digest).toBe(amd.manifest.digest);
      const all = await copyImage(place(repository, 'multi'), place(`${repository}-all`, '1'), {
        architecture: ALL_ARCHITECTURES,
      });
      expect(all.digest).toBe(index.digest);
      expect(await registry.resolve(`${repository}-all`, arm.manifest.digest)).toBeDefined();
      await expect(
        copyImage(place(repository, 'multi'), place(`${repository}-none`, '1'), { architecture: 's390x' }),
      ).rejects.toThrow(/not for this architecture \(s390x\).* has amd64, arm64$/);
    });

    it('copyImage takes along what is attached', async () => {
      const subjectOf = await store(registry, repository, sampleImage([10]), '1');
      await store(registry, repository, attachment(subjectOf, 'x/y', 'one'));
      const target = place(`${repository}-to`, '1');
      const plain = await copyImage(place(repository, '1'), target, copy);
      expect(plain.referrers).toBe(0);
      const signed = await copyImage(place(repository, '1'), target, { ...copy, referrers: true });
      expect(signed).toMatchObject(
        subject.scoped ? { referrers: 1, unchanged: false } : { referrers: 0, unchanged: true },
      );
      expect(await registry.referrers(target.repository, subjectOf.digest, 'x/y')).toHaveLength(1);
      expect(await copyImage(place(repository, '1'), target, { ...copy, referrers: true })).toMatchObject({
        referrers: 0,
        unchanged: true,
      });
    });

    it('signImage keeps a signature that a second client finds, and none for another image', async () => {
      const keys = await keyFolder();
      const path = await keys.key('ann');
      const files = { allowedSigners: await keys.file('signers', `ann ${await publicKey(path)}`) };
      const [signed, other] = [sampleImage([10]), sampleImage([10])];
      await store(registry, repository, signed, '1');
      await store(registry, repository, other, '2');
      const env = { PATH: process.env.PATH, HOME: '/nonexistent' };
      await signImage({ registry, repository }, signed.manifest.digest, { kind: 'file', path }, { env });
      const place = { registry: await subject.again(), repository };
      const verdicts = await checkSignatures(place, signed.manifest.digest, files, { env });
      expect(verdicts).toMatchObject([{ ok: true, signer: 'ann' }]);
      expect(await checkSignatures(place, other.manifest.digest, files, { env })).toEqual([]);
      await keys.remove();
    });
  });
}
