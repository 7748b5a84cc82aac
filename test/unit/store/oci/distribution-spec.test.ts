/** Rules of the OCI distribution specification 1.1 that the real registry of these tests does not show. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MEDIA } from '../../../../src/store/oci.ts';
import { openOci } from '../../../../src/store/oci/open-oci.ts';
import { nextOf } from '../../../../src/store/oci/pages.ts';
import type { ImageRegistry } from '../../../../src/store/registry.ts';
import { blobOf, streamOf } from '../../../support/sample-images.ts';
import type { Blob } from '../../../support/sample-images.ts';
import { specRegistry } from '../../../support/spec-registry.ts';
import type { SpecRegistry } from '../../../support/spec-registry.ts';

const MI = 2 ** 20;
let server: SpecRegistry;
let registry: ImageRegistry;

beforeEach(async () => {
  server = await specRegistry();
  registry = await openOci({ name: 'spec', url: server.url }, {});
});
afterEach(() => server[Symbol.asyncDispose]());

const write = (blob: Blob, starts: number[] = []): Promise<string> =>
  registry.writeBlob('team/app', blob, (from) => {
    starts.push(from);
    return streamOf(blob, from);
  });

describe('uploads', () => {
  it.each([
    [10 * MI, 'in the first chunk', 3 * MI],
    [10 * MI, 'between two chunks', 8 * MI],
    [30 * MI, 'at 90 %', 27 * MI],
    [30 * MI, 'at the last byte', 30 * MI - 1],
  ])('of %i bytes that are cut %s go on at the byte where the registry stands', async (size, _, cutAfter) => {
    const blob = blobOf(size);
    server.cutAfter = cutAfter;
    const starts: number[] = [];
    expect(await write(blob, starts)).toBe('sent');
    expect(starts).toHaveLength(2);
    expect(starts[1]).toBe(cutAfter);
    expect(server.arrived.reduce((a, b) => a + b, 0)).toBe(size);
    expect(server.blobs.get(blob.digest)?.equals(blob.bytes)).toBe(true);
  });

  it('have chunks of the least size that the registry names', async () => {
    const blob = blobOf(30 * MI);
    server.minimum = 12 * MI;
    await write(blob);
    expect(server.arrived).toEqual([12 * MI, 12 * MI, 6 * MI, 0]);
  });

  it('of a small blob are one request, also of an empty one', async () => {
    for (const size of [0, 1, 8 * MI]) await write(blobOf(size));
    expect(server.arrived).toEqual([0, 1, 8 * MI]);
    await write(blobOf(8 * MI + 1));
    expect(server.arrived.slice(3)).toEqual([8 * MI, 1, 0]);
  });
});

describe('referrers', () => {
  it('are read from all pages of the API, and filtered where the registry does not', async () => {
    const entry = (digit: string, artifactType: string) => ({
      mediaType: MEDIA.manifest,
      digest: `sha256:${digit.repeat(64)}`,
      size: 1,
      artifactType,
    });
    const index = { schemaVersion: 2, mediaType: MEDIA.index };
    server.referrers = [
      { ...index, manifests: [entry('1', 'a/b'), entry('2', 'c/d')] },
      { ...index, manifests: [entry('3', 'a/b')] },
    ];
    const found = await registry.referrers('team/app', `sha256:${'0'.repeat(64)}`, 'a/b');
    expect(found).toEqual([entry('1', 'a/b'), entry('3', 'a/b')]);
  });
});

describe('nextOf', () => {
  const from = new URL('https://registry.example/v2/_catalog?n=2');
  it.each([
    ['</v2/_catalog?n=2&last=b>; rel="next"', 'https://registry.example/v2/_catalog?n=2&last=b'],
    ['<?last=b>; rel=next', 'https://registry.example/v2/_catalog?last=b'],
    ['<https://registry.example/v2/x>; title="a"; rel="next"', 'https://registry.example/v2/x'],
    ['</a>; rel="prev", </b>; rel="next"', 'https://registry.example/b'],
    ['</a>; rel="prev"', undefined],
    ['<https://elsewhere.example/v2/x>; rel="next"', undefined],
    ['</v2/_catalog?n=2>; rel="next"', undefined],
    ['', undefined],
    [null, undefined],
  ])('reads %j', (header, next) => {
    expect(nextOf(header, from)?.href).toBe(next);
  });
});
