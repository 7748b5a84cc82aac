/** Layers of an image of 300 MB, made by a process of their own: one that has so much in memory takes long to start another program. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import type { NewLayer } from '../src/store/directory-store.ts';

export const LAYERS = 3;
export const FILES = 10_000;
/** Bytes of each file. */
export const SIZE = 30_000;

export interface SampleLayers {
  /** The same files for each tag, in layers that only this tag has. */
  readonly base: readonly NewLayer[];
  /** One file in a hundred, changed. */
  readonly change: NewLayer;
}

const CHILD = path.join(import.meta.dirname, 'sample-layers-child.ts');

/** Has the layers of some tags in a store, `seen` being the folder of what is known of its layers; in the order of the tags. */
export async function sampleLayers(
  store: string,
  seen: string,
  tags: readonly string[],
): Promise<readonly SampleLayers[]> {
  const { stdout } = await promisify(execFile)(process.execPath, [CHILD, store, seen, ...tags]);
  return JSON.parse(stdout) as readonly SampleLayers[];
}

/** Writes the same files as one tar. */
export async function sampleTree(file: string): Promise<void> {
  await promisify(execFile)(process.execPath, [CHILD, '--tree', file]);
}
