/** How far an image on its way to a VM is, in bytes that are there, from whomever they came. */
import type { ImageLayer } from '../model/image.ts';
import type { MissingLayer } from './image-layers.ts';

export interface TransferCount {
  /** Bytes that were sent from here. */
  readonly sent: number;
  /** Bytes that came from another VM. */
  readonly fetched: number;
  /** Says what the VM lacks, and has of it already. */
  expect(missing: readonly MissingLayer[]): void;
  /** Says how much of a layer is there now: also less than before, where what came is dropped. */
  reach(layer: ImageLayer, bytes: number): void;
  addSent(bytes: number): void;
  addFetched(bytes: number): void;
}

interface Way {
  readonly size: number;
  /** What was there before. */
  readonly begin: number;
  readonly now: number;
}

/** Counts; `onProgress` is told what came of what has to come, each time that changes. */
export function transferCount(onProgress?: (done: number, total: number) => void): TransferCount {
  const ways = new Map<string, Way>();
  let [sent, fetched] = [0, 0];
  const set = (digest: string, way: Way): void => {
    ways.set(digest, { ...way, now: Math.min(Math.max(way.now, way.begin), way.size) });
  };
  return {
    get sent() {
      return sent;
    },
    get fetched() {
      return fetched;
    },
    expect(missing) {
      for (const { layer, have } of missing) {
        const begin = ways.get(layer.digest)?.begin ?? Math.min(have, layer.size);
        set(layer.digest, { size: layer.size, begin, now: have });
      }
    },
    reach({ digest }, bytes) {
      const way = ways.get(digest);
      if (!way) return;
      set(digest, { ...way, now: bytes });
      const all = [...ways.values()];
      onProgress?.(
        all.reduce((sum, { begin, now }) => sum + now - begin, 0),
        all.reduce((sum, { begin, size }) => sum + size - begin, 0),
      );
    },
    addSent(bytes) {
      sent += bytes;
    },
    addFetched(bytes) {
      fetched += bytes;
    },
  };
}
