/** What a build took over from earlier ones counts as used now, so that pruning by age leaves what is in daily use. */
import type { NewLayer } from '../directory-store.ts';
import type { Builder } from './builder.ts';
import { rootOf } from './lower-folders.ts';
import { chainOf } from './steps.ts';

/** What one build stands on, as the builder keeps it. */
export interface UsedFolders {
  /** Folder of a base that the builder made, below its cache. */
  readonly base: string | undefined;
  /** Of the whole image, lowest first. */
  readonly layers: readonly NewLayer[];
}

/** Renews the age of the base, of each layer and of each unpacked root that is there. Nothing fails where none is. @throws UnreachableError, InterruptedError */
export async function renewUsed(
  builder: Builder,
  { base, layers }: UsedFolders,
  signal: AbortSignal | undefined,
): Promise<void> {
  const stacks = layers.map((_, i) => layers.slice(0, i + 1));
  const folders = [
    ...(base === undefined ? [] : [base]),
    ...stacks.map((stack) => `layers/${chainOf(stack)}`),
    ...stacks.map((stack) => `roots/${rootOf(stack)}`),
  ];
  // Under a share of the lock, as whatever is taken: see scripts/build-prune.sh.
  const text =
    'cd "$1" && shift && exec 9>>lock && flock -s 9 && for folder; do [ ! -d "$folder" ] || touch "$folder"; done; :';
  await builder.exec('note what is used', ['sh', '-c', text, 'sh', builder.cache, ...folders], { signal });
}
