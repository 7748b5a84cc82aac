/**
 * A blob to Glance: into an image that nobody takes for one until what Glance stored has been compared. Glance keeps nothing of an
 * upload that was cut, so each attempt begins anew, and takes away what it made.
 */
import { createHash } from 'node:crypto';
import { collect } from '../../concurrency/collect.ts';
import { interrupted } from '../../concurrency/interrupted.ts';
import { RegistryError } from '../../model/errors.ts';
import { patience } from '../http/retry.ts';
import type { BlobKey, WriteBlobOptions } from '../registry.ts';
import type { GlanceClient } from './glance-client.ts';
import { byAge, newImage } from './glance-image.ts';
import type { GlanceImage, Visibility } from './glance-image.ts';

/** Age in ms from which an upload that is not done is one that somebody left behind. */
const ABANDONED = 6 * 3_600_000;
/** Longest time in ms for taking away what was begun. */
const CLEANING = 10_000;

export interface BlobWriting {
  readonly client: GlanceClient;
  readonly blob: BlobKey;
  readonly open: (from: number) => AsyncIterable<Uint8Array>;
  readonly visibility: Visibility;
  /** It shall not be removed by accident. */
  readonly protect: boolean;
  readonly options: WriteBlobOptions;
}

/** Stores a blob; false when it is there already. @throws RegistryError, InterruptedError */
export async function writeBlob(writing: BlobWriting): Promise<boolean> {
  const { client, blob, visibility, options } = writing;
  const what = `store ${blob.digest}`;
  const { signal } = options;
  const found = await collect(client.list(what, { stratos_digest: blob.digest, status: '' }, signal));
  if (found.some(({ stratos_kind, status }) => stratos_kind === 'blob' && status === 'active')) return false;
  for (const image of found.filter(isAbandoned)) await client.remove(what, image, signal);
  const patient = patience(signal);
  for (;;) {
    const fields = newImage('upload', blob.digest, { stratos_digest: blob.digest }, visibility);
    const { id } = await client.create(what, fields, signal);
    try {
      await send(writing, what, id);
      await client.set(what, id, 'stratos_kind', 'blob', signal);
      if (writing.protect) await client.protect(what, id, signal);
      await keepOne(client, blob.digest, signal);
      return true;
    } catch (error) {
      await client.remove(what, { id }, AbortSignal.timeout(CLEANING)).catch(() => undefined);
      await patient.afterFailure(error);
      options.onProgress?.(0);
    }
  }
}

async function send({ client, blob, open, options }: BlobWriting, what: string, id: string): Promise<void> {
  const { signal, onProgress } = options;
  const damaged = (why: string): RegistryError => new RegistryError(client.name, 'damaged', `Cannot ${what} as ${why}`);
  const [sha256, sha512] = [createHash('sha256'), createHash('sha512')];
  let fault: unknown;
  async function* counted(): AsyncGenerator<Uint8Array> {
    let done = 0;
    try {
      for await (const chunk of open(0)) {
        if (signal?.aborted === true) throw interrupted(signal);
        done += chunk.length;
        if (done > blob.size) throw damaged(`it has more bytes than it should: ${String(blob.size)}`);
        sha256.update(chunk);
        sha512.update(chunk);
        yield chunk;
        onProgress?.(done);
      }
      if (done < blob.size) throw damaged(`it ends ${String(blob.size - done)} bytes too soon`);
    } catch (error) {
      // Of a body that fails, fetch tells only that the connection is gone.
      fault = error;
      throw error;
    }
  }
  try {
    await client.upload(what, id, blob.size, blob.size === 0 ? '' : counted(), signal);
  } catch (error) {
    throw fault ?? error;
  }
  if (`sha256:${sha256.digest('hex')}` !== blob.digest) throw damaged('it has another digest');
  const stored = await client.get(what, id, signal);
  if (stored.status !== 'active' || stored.size !== blob.size)
    throw damaged(`Glance has ${String(stored.size)} bytes of it (${stored.status})`);
  if (stored.os_hash_algo === 'sha512' && stored.os_hash_value !== sha512.digest('hex'))
    throw damaged('Glance has stored something else');
}

/** Of two who stored the same at once, the first one's stays; it is the same bytes. */
async function keepOne(client: GlanceClient, digest: string, signal: AbortSignal | undefined): Promise<void> {
  const what = `store ${digest}`;
  const found = await collect(client.list(what, { stratos_kind: 'blob', stratos_digest: digest }, signal));
  for (const image of found.sort(byAge).slice(1)) if (!image.protected) await client.remove(what, image, signal);
}

/** An upload that a program which was killed has left. */
function isAbandoned({ stratos_kind, updated_at }: GlanceImage): boolean {
  return stratos_kind === 'upload' && Date.now() - Date.parse(updated_at) > ABANDONED;
}
