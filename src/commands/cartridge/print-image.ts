/** How an image is told after it was made or named, and as rows and documents. */
import { formatBytes } from '../../model/quantity.ts';
import { shortDigest } from '../../report/action-text.ts';
import type { CommandContext } from '../context.ts';
import type { GlobalOptions } from '../global-options.ts';
import { printDone } from '../print-result.ts';
import type { NamedImage } from '../cartridge-use-cases.ts';
import type { LocatedImage } from '../trust-use-cases.ts';

/** `built php:8.2 (0123456789ab, 92.4Mi in 2 layers)`, and `note` on a line of its own. */
export async function printImage(
  context: CommandContext,
  globals: GlobalOptions,
  verb: string,
  named: NamedImage,
  note?: string,
): Promise<void> {
  const { references, image } = named;
  const layers = image.layers.length === 1 ? '1 layer' : `${String(image.layers.length)} layers`;
  await printDone(context, globals, {
    kind: 'Cartridge',
    body: imageBody(named),
    text: () =>
      `${verb} ${references.join(', ')} (${shortDigest(image.digest)}, ${formatBytes(imageSize(named))} in ${layers})\n${note === undefined ? '' : `${note}\n`}`,
  });
}

/** Bytes of an image's layers, compressed. */
export function imageSize({ image }: NamedImage): number {
  return image.layers.reduce((sum, layer) => sum + layer.size, 0);
}

/** What is said after the name of an image that is not on this machine: ` at hub`. */
export function locationText({ store }: LocatedImage): string {
  return store === undefined ? '' : ` at ${store}`;
}

/** An image as it stands in documents. */
export function imageBody(named: LocatedImage): object {
  const { references, image, store } = named;
  const { digest, architecture, created, layers, run, labels } = image;
  return {
    references,
    ...(store === undefined ? {} : { store }),
    digest,
    size: imageSize(named),
    architecture,
    ...(created === undefined ? {} : { created }),
    layers: layers.map((layer) => ({ digest: layer.digest, diffId: layer.diffId, size: layer.size })),
    run,
    labels,
  };
}
