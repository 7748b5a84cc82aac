/** The folders on the builder that a step stands on: what earlier steps changed, on a root file system unpacked from layers. */
import { createHash } from 'node:crypto';
import { IDMAP } from '../../lxc/layout.ts';
import type { DirectoryStore, NewLayer } from '../directory-store.ts';
import { compressionOf } from '../oci.ts';
import { hexOf } from '../reference.ts';
import unpackScript from '../scripts/image-unpack.sh';
import type { Builder } from './builder.ts';
import { toolFailure } from './run-tool.ts';
import { chainOf } from './steps.ts';

export interface LowerOptions {
  readonly builder: Builder;
  readonly store: DirectoryStore;
  readonly signal: AbortSignal | undefined;
}

/** Folders for these layers, topmost first; what the builder does not have is unpacked from the store. @throws StoreError */
export async function lowerFolders(layers: readonly NewLayer[], options: LowerOptions): Promise<readonly string[]> {
  const { builder, signal } = options;
  const chains = layers.map((_, i) => chainOf(layers.slice(0, i + 1)));
  // What is taken is marked as used under a share of the lock, so that pruning leaves it alone.
  const text =
    'cd "$1" && shift && exec 9>>lock && flock -s 9 && for chain; do ' +
    '[ ! -d "layers/$chain/delta" ] || { touch "layers/$chain" && echo "$chain"; }; done; :';
  const there = new Set<string>();
  await builder.exec('look for layers', ['sh', '-c', text, 'sh', builder.cache, ...chains], {
    onAnswer: (line) => there.add(line),
    signal,
  });
  let top = layers.length;
  while (top > 1 && there.has(chains[top - 1] ?? '')) top -= 1;
  const deltas = chains.slice(top).map((chain) => `${builder.cache}/layers/${chain}/delta`);
  return [...deltas.reverse(), await unpackRoot(layers.slice(0, top), options)];
}

/** Unpacks layers as one root file system, ownership shifted, once; returns its path. */
async function unpackRoot(layers: readonly NewLayer[], { builder, store, signal }: LowerOptions): Promise<string> {
  const chain = rootOf(layers);
  const roots = `${builder.cache}/roots`;
  const blobs = await builder.bring(store, layers, signal);
  const need = layers.reduce((sum, layer) => sum + (layer.unpackedSize ?? layer.size * 4), 0);
  const items = layers.map((layer) => `${compressionOf(layer.mediaType) ?? 'tar'}=${hexOf(layer.digest)}`);
  const args = [blobs, roots, chain, 'rootfs', IDMAP.first, IDMAP.count, need, builder.hidden];
  const argv = ['sh', '-c', unpackScript, 'sh', ...args, ...items] as const;
  const said: string[] = [];
  const { status, tail } = await builder.exec('unpack the base', argv, { onAnswer: (line) => said.push(line), signal });
  if (status !== 0) throw toolFailure('unpack the base', status, [...tail, ...said]);
  return `${roots}/${chain}/rootfs`;
}

/** Name of the root file system that these layers are unpacked as, among the builder's `roots`. */
export function rootOf(layers: readonly NewLayer[]): string {
  return createHash('sha256')
    .update(layers.map((layer) => layer.diffId).join(' '))
    .digest('hex');
}
