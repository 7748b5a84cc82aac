/** Frees the disk of a builder: what builds left for later ones, and none has used for a time. */
import { RemoteCommandError } from '../../model/errors.ts';
import { bytes, type Bytes, type Millis } from '../../model/quantity.ts';
import pruneText from '../scripts/build-prune.sh';
import type { Builder } from './builder.ts';

export interface PruneBuildsOptions {
  /** How long nobody has used what goes; what a build at work has used stays in any case. */
  readonly unused: Millis;
  /** Tells what would be removed, and removes nothing. */
  readonly dryRun: boolean;
  readonly signal?: AbortSignal | undefined;
}

export interface PrunedBuilds {
  /** Bases, layers and unpacked roots. */
  readonly count: number;
  /** Disk that they took; of a dry run, that they take. */
  readonly freed: Bytes;
}

/** Removes them; builds may run meanwhile. @throws HostError, RemoteCommandError, UnreachableError, InterruptedError */
export async function pruneBuilds(
  builder: Builder,
  { unused, dryRun, signal }: PruneBuildsOptions,
): Promise<PrunedBuilds> {
  // Opening one removes the folders of builds that are dead, which would count as at work.
  if (!dryRun) await (await builder.open(signal)).close();
  const sizes: number[] = [];
  const onAnswer = (line: string): void => {
    if (line.startsWith('{')) sizes.push((JSON.parse(line) as { readonly bytes: number }).bytes);
  };
  const words = [builder.cache, Math.ceil(unused / 1000), dryRun ? 'look' : 'remove'];
  const argv = ['sh', '-c', pruneText, 'sh', ...words] as const;
  const { status, tail } = await builder.exec('prune builds', argv, { onAnswer, signal });
  if (status !== 0)
    throw new RemoteCommandError(
      `Cannot prune builds on ${builder.vm ?? 'this machine'}: ${tail.at(-1) ?? `status ${String(status)}`}`,
    );
  return { count: sizes.length, freed: bytes(sizes.reduce((sum, size) => sum + size, 0)) };
}
