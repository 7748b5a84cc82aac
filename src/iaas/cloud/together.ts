/** Looks at many things of a cloud by one call: waiting for a hundred machines asks as often as waiting for one. */
import { setTimeout as sleep } from 'node:timers/promises';

export interface Gathering {
  /** How long the first of a group waits for others, in ms. */
  readonly window: number;
  /** Most of one call. */
  readonly most: number;
}

/** Looks at one; those that are asked for within the window are looked at by one call of `look`. */
export function together<T>(
  look: (ids: readonly string[]) => Promise<ReadonlyMap<string, T>>,
  { window, most }: Gathering,
): (id: string) => Promise<T | undefined> {
  let group: { readonly ids: Set<string>; readonly answer: Promise<ReadonlyMap<string, T>> } | undefined;

  function open(): NonNullable<typeof group> {
    const ids = new Set<string>();
    const answer = (async () => {
      await sleep(window);
      if (group?.ids === ids) group = undefined;
      return look([...ids]);
    })();
    return { ids, answer };
  }

  return async (id) => {
    if (!group || group.ids.size >= most) group = open();
    group.ids.add(id);
    return (await group.answer).get(id);
  };
}
