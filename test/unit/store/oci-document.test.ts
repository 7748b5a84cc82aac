/** The rules of the OCI image specification 1.1 for documents, as a table. */
import { describe, expect, it } from 'vitest';
import { StoreError } from '../../../src/model/errors.ts';
import { MEDIA } from '../../../src/store/oci.ts';
import { blobsOf, parseDocument } from '../../../src/store/oci-document.ts';

const digest = (digit: string): string => `sha256:${digit.repeat(64)}`;
const config = { mediaType: MEDIA.config, digest: digest('1'), size: 2 };
const layer = { mediaType: MEDIA.layerGzip, digest: digest('2'), size: 3 };
const manifest = { schemaVersion: 2, mediaType: MEDIA.manifest, config, layers: [layer] };
const index = { schemaVersion: 2, mediaType: MEDIA.index, manifests: [{ ...config, mediaType: MEDIA.manifest }] };
const docker = 'application/vnd.docker.distribution.manifest.v2+json';
const parse = (value: unknown, mediaType?: string) =>
  parseDocument(Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)), 'team/php:1', mediaType);

describe('parseDocument', () => {
  it.each([
    ['a manifest', manifest, MEDIA.manifest, 'manifest'],
    ['an index', index, MEDIA.index, 'index'],
    ['a manifest of Docker', { ...manifest, mediaType: docker }, docker, 'manifest'],
    ['a manifest that does not say its type', { ...manifest, mediaType: undefined }, undefined, 'manifest'],
    ['an index that does not say its type', { ...index, mediaType: undefined }, undefined, 'index'],
    ['what the registry has as plain JSON', manifest, 'application/json', 'manifest'],
    ['a manifest without layers', { ...manifest, layers: [] }, MEDIA.manifest, 'manifest'],
    ['an empty index', { ...index, manifests: [] }, MEDIA.index, 'index'],
  ])('reads %s', (_, value, mediaType, kind) => {
    expect(parse(value, mediaType).kind).toBe(kind);
  });

  it.each([
    ['schema 1 by its number', { schemaVersion: 1, fsLayers: [] }, undefined, /schema 1/],
    ['schema 1 by its type', manifest, 'application/vnd.docker.distribution.manifest.v1+prettyjws', /schema 1/],
    [
      'a foreign layer',
      { ...manifest, layers: [{ ...layer, mediaType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip' }] },
      undefined,
      /foreign layer/,
    ],
    [
      'a layer that may not be distributed',
      {
        ...manifest,
        layers: [{ ...layer, mediaType: 'application/vnd.oci.image.layer.nondistributable.v1.tar+zstd' }],
      },
      undefined,
      /foreign layer/,
    ],
    [
      'a layer with addresses',
      { ...manifest, layers: [{ ...layer, urls: ['https://x.example'] }] },
      undefined,
      /foreign/,
    ],
    ['another type than the registry says', manifest, MEDIA.index, /not the one the registry says/],
    ['a manifest that is an index too', { ...manifest, manifests: [] }, undefined, /at once/],
    ['an index that is a manifest too', { ...index, layers: [] }, undefined, /at once/],
    ['an unknown type', { ...manifest, mediaType: 'text/plain' }, undefined, /neither/],
    [
      'a digest of another kind',
      { ...manifest, config: { ...config, digest: 'sha512:00' } },
      undefined,
      /sha256 digest/,
    ],
    ['a size that is none', { ...manifest, layers: [{ ...layer, size: -1.5 }] }, undefined, /size/],
    ['a negative size', { ...manifest, layers: [{ ...layer, size: -1 }] }, undefined, /size/],
    ['no list of layers', { ...manifest, layers: {} }, undefined, /layers/],
    ['no list of manifests', { ...index, manifests: 3 }, undefined, /manifests/],
    ['no configuration', { ...manifest, config: undefined }, undefined, /digest/],
    ['no JSON', '<html>', undefined, /not JSON/],
    ['a list', '[]', undefined, /not an object/],
  ])('refuses %s', (_, value, mediaType, message) => {
    expect(() => parse(value, mediaType)).toThrow(StoreError);
    expect(() => parse(value, mediaType)).toThrow(message);
    expect(() => parse(value, mediaType)).toThrow(/^Cannot read the image as .*: (team\/php:1|sha256:.*)/);
  });

  it('says what an attached manifest is, and what it is about', () => {
    const attached = { ...manifest, artifactType: 'x/y', subject: config, annotations: { a: 'b' } };
    expect(parse(attached)).toMatchObject({ artifactType: 'x/y', subject: config, annotations: { a: 'b' } });
    expect(parse(manifest).artifactType).toBe(MEDIA.config);
  });

  it('blobsOf names each blob once', () => {
    expect(blobsOf(parse({ ...manifest, layers: [layer, layer] }))).toEqual([config, layer]);
    expect(blobsOf(parse(index))).toEqual([]);
  });
});
