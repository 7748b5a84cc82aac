/** Layers of an image on their way to a VM that is to give them on: who wants one waits until it comes, or will not come. */
import type { Image } from '../../model/image.ts';

/** What a VM has of a layer: all of it, or what has come so far. Undefined: nothing, and nothing comes. */
export type Giving = 'there' | 'coming' | undefined;

export interface Arrival {
  /** Settles when the layer is there or begins to come, or when it is known that it does not come. */
  readonly gives: (digest: string) => Promise<Giving>;
  /** Says what is to come; of the other layers, tells which are there all the same. */
  readonly expect: (digests: readonly string[], isThere: (digest: string) => boolean) => void;
  readonly begins: (digest: string) => void;
  readonly came: (digest: string) => void;
  /** Nothing more comes; of what has not begun to, tells whether it is there all the same. */
  readonly over: (isThere: (digest: string) => boolean) => void;
}

/** Of an image that is on its way from now on. */
export function arrivalOf(image: Image): Arrival {
  const layers = new Map(image.layers.map(({ digest }) => [digest, Promise.withResolvers<Giving>()]));
  const whole = new Set<string>();
  const expect: Arrival['expect'] = (digests, isThere) => {
    for (const [digest, { resolve }] of layers)
      if (!digests.includes(digest)) resolve(isThere(digest) ? 'there' : undefined);
  };
  return {
    gives: async (digest) => {
      const giving = await layers.get(digest)?.promise;
      return whole.has(digest) ? 'there' : giving;
    },
    expect,
    begins: (digest) => layers.get(digest)?.resolve('coming'),
    came: (digest) => whole.add(digest),
    over: (isThere) => {
      expect([], isThere);
    },
  };
}
