/** A blob from a registry, taken up again where the connection was cut, its length and digest verified. */
import { createHash } from 'node:crypto';
import type { Response } from 'undici';
import { RegistryError } from '../../model/errors.ts';
import { networkFailure } from '../http/failures.ts';
import { patience } from '../http/retry.ts';
import type { BlobKey, ReadBlobOptions } from '../registry.ts';
import type { OciClient } from './client.ts';
import { pullScope } from './scopes.ts';

/** Streams the blob. @throws RegistryError, InterruptedError */
export async function* readBlob(
  client: OciClient,
  repository: string,
  blob: BlobKey,
  { from = 0, signal }: ReadBlobOptions,
): AsyncGenerator<Uint8Array> {
  const patient = patience(signal);
  const hash = createHash('sha256');
  const url = client.at(`${repository}/blobs/${blob.digest}`);
  const exchange = { registry: client.name, what: `read ${repository}@${blob.digest}`, url, signal };
  let at = from;
  while (at < blob.size) {
    try {
      for await (const chunk of await rest(client, repository, blob, at, exchange)) {
        at += chunk.length;
        if (at > blob.size) throw damaged(exchange, `more than its ${String(blob.size)} bytes arrive`);
        if (from === 0) hash.update(chunk);
        patient.progress();
        yield chunk;
      }
      // An end that came too soon is a cut that nobody told of.
      if (at < blob.size) throw networkFailure(new Error('cut'), exchange);
    } catch (error) {
      await patient.afterFailure(networkFailure(error, exchange));
    }
  }
  if (from === 0 && `sha256:${hash.digest('hex')}` !== blob.digest)
    throw damaged(exchange, 'what arrives has another digest');
}

type Exchange = Parameters<typeof networkFailure>[1];

async function rest(
  client: OciClient,
  repository: string,
  { size }: BlobKey,
  at: number,
  { what, url, signal, registry }: Exchange,
): Promise<AsyncIterable<Uint8Array>> {
  const headers = at > 0 ? { range: `bytes=${String(at)}-` } : {};
  // The reader itself counts the attempts.
  const answer = await client.send({ what, url, scopes: pullScope(repository), headers, once: true, signal });
  const partial = answer.status === 206;
  if (partial && !answer.headers.get('content-range')?.startsWith(`bytes ${String(at)}-`)) {
    await answer.body?.cancel();
    throw new RegistryError(registry, 'refused', `Cannot ${what} as another part than asked for is sent: ${url.host}`);
  }
  const said = answer.headers.get('content-length');
  const expected = partial ? size - at : size;
  if (said !== null && answer.headers.get('content-encoding') === null && Number(said) !== expected) {
    await answer.body?.cancel();
    throw damaged({ registry, what, url }, `it has ${said} bytes there, not ${String(expected)}`);
  }
  return partial ? bodyOf(answer) : skip(bodyOf(answer), at);
}

/** Without its first bytes: the registry cannot give a part. */
async function* skip(source: AsyncIterable<Uint8Array>, bytes: number): AsyncGenerator<Uint8Array> {
  let left = bytes;
  for await (const chunk of source) {
    if (left < chunk.length) yield left === 0 ? chunk : chunk.subarray(left);
    left = Math.max(0, left - chunk.length);
  }
}

async function* bodyOf(answer: Response): AsyncGenerator<Uint8Array> {
  if (answer.body) for await (const chunk of answer.body) yield chunk as Uint8Array;
}

function damaged({ registry, what, url }: Exchange, why: string): RegistryError {
  return new RegistryError(registry, 'damaged', `Cannot ${what} as ${why}: ${url.host}`);
}
