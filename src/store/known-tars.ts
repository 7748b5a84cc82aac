/**
 * Which tar a compressed layer is, as far as this machine has seen it itself. It is true for ever and for every store; so it is kept
 * beside what builds keep, for its user alone, and no store that comes from elsewhere can claim it.
 */
import { appendFile, mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { getuid } from 'node:process';
import { codeOf } from '../host/code-of.ts';
import { compressionOf } from './oci.ts';

/** A layer: its blob, and the digest of the tar that this expands to. */
export interface BlobAndTar {
  readonly mediaType: string;
  readonly digest: string;
  readonly diffId: string;
}

export interface KnownTars {
  /** Whether the blob is known to be this tar. */
  has(layer: BlobAndTar): Promise<boolean>;
  /** Keeps what was seen; where it cannot, it has to be seen again. */
  note(layer: BlobAndTar): Promise<void>;
}

/** For who keeps nothing. */
export const NO_TARS: KnownTars = { has: () => Promise.resolve(false), note: () => Promise.resolve() };

/** Those in the file `tars` of the folder, a line for each; made with the first. */
export function knownTars(folder: string): KnownTars {
  const path = join(folder, 'tars');
  const read = async (): Promise<ReadonlySet<string>> => {
    const file = await open(path).catch(() => undefined);
    if (!file) return new Set();
    try {
      const { uid, mode } = await file.stat();
      // What somebody else may have written is not what we have seen.
      if (uid !== getuid?.() || (mode & 0o022) !== 0) return new Set();
      return new Set((await file.readFile('utf8')).split('\n'));
    } finally {
      await file.close();
    }
  };
  const has: KnownTars['has'] = async (layer) => (await read()).has(lineOf(layer));
  return {
    has,
    async note(layer) {
      try {
        if (await has(layer)) return;
        await mkdir(folder, { recursive: true });
        await appendFile(path, `${lineOf(layer)}\n`, { mode: 0o600 });
      } catch (error) {
        if (codeOf(error) === '') throw error;
      }
    },
  };
}

/** The same bytes are another tar to who expands them otherwise. */
function lineOf({ mediaType, digest, diffId }: BlobAndTar): string {
  return `${digest} ${compressionOf(mediaType) ?? 'tar'} ${diffId}`;
}
