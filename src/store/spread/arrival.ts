/** Layers of an image on their way to a VM that is to give them on: who wants one waits until it has come, or will not come. */
import type { Image } from '../../model/image.ts';

export interface Arrival {
  /** Settles when the layer is there (true), or when it is known that it does not come. */
  readonly has: (digest: string) => Promise<boolean>;
  readonly came: (digest: string) => void;
  /** Nothing more comes; of what has not come, tells whether it is there all the same. */
  readonly over: (isThere: (digest: string) => boolean) => void;
}

/** Of an image that is on its way from now on. */
export function arrivalOf(image: Image): Arrival {
  const layers = new Map(image.layers.map(({ digest }) => [digest, Promise.withResolvers<boolean>()]));
  return {
    has: async (digest) => (await layers.get(digest)?.promise) === true,
    came: (digest) => layers.get(digest)?.resolve(true),
    over: (isThere) => {
      for (const [digest, { resolve }] of layers) resolve(isThere(digest));
    },
  };
}
