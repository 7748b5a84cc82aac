/** Glance collects no garbage: what nobody needs any more goes with the last manifest that needed it. */
import type { GlanceImage } from './glance-image.ts';

type Needs = Pick<GlanceImage, 'stratos_blobs'>;

/** Digests of blobs that the manifests which went had, and none that is left. */
export function unneededBlobs(gone: readonly Needs[], left: readonly Needs[]): readonly string[] {
  const needed = new Set(left.flatMap(blobsIn));
  return [...new Set(gone.flatMap(blobsIn))].filter((hex) => !needed.has(hex)).map((hex) => `sha256:${hex}`);
}

function blobsIn({ stratos_blobs = '' }: Needs): readonly string[] {
  return stratos_blobs.split(',').filter((hex) => /^[0-9a-f]{64}$/.test(hex));
}
