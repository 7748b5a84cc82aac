/** Which layer a step made: kept on this machine by everything that decides it, wherever the step was run. */
import { mkdir, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InterruptedError } from '../../model/errors.ts';
import type { DirectoryStore, NewLayer } from '../directory-store.ts';
import type { Builder } from './builder.ts';

/** A layer, and for a base the newest time of its files in seconds. */
export type StepRecord = NewLayer & { readonly epoch?: number };

export interface StepCache {
  /** The layer of an earlier build, in the store again if the builder still has it; undefined: it has to be made. */
  find(key: string, path: (layer: NewLayer) => string): Promise<StepRecord | undefined>;
  keep(key: string, layer: StepRecord): Promise<void>;
}

/** Records are in `<folder>/steps`. */
export function stepCache(folder: string, builder: Builder, store: DirectoryStore): StepCache {
  const fileOf = (key: string): string => join(folder, 'steps', `${key}.json`);
  return {
    async find(key, path) {
      const layer = await readRecord(fileOf(key));
      if (!layer) return undefined;
      if ((await store.blobSize(layer.digest)) !== layer.size) {
        try {
          await store.addBlob(builder.read(path(layer)), layer.digest);
          if (builder.vm === undefined) await store.noteTar(layer);
        } catch (error) {
          if (error instanceof InterruptedError) throw error;
          return undefined;
        }
      }
      // So that pruning sees what is in use.
      await utimes(fileOf(key), new Date(), new Date()).catch(() => undefined);
      return layer;
    },
    async keep(key, layer) {
      await mkdir(join(folder, 'steps'), { recursive: true });
      await writeFile(fileOf(key), JSON.stringify(layer));
    },
  };
}

/** Forgets steps that no build has asked for since `before` (ms since 1970): it then makes them again. */
export async function pruneRecords(folder: string, before: number): Promise<void> {
  const steps = join(folder, 'steps');
  for (const name of await readdir(steps).catch(() => [])) {
    const path = join(steps, name);
    const info = await stat(path).catch(() => undefined);
    if (info && info.mtimeMs <= before) await rm(path, { force: true });
  }
}

async function readRecord(path: string): Promise<StepRecord | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as StepRecord;
  } catch {
    return undefined;
  }
}
