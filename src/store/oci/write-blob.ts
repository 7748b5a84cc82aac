/**
 * A blob to a registry: mounted from another repository where it has it, sent in one piece where it is small, else in chunks; after a
 * cut the registry is asked how much it has (distribution-spec 1.1, "Pushing blobs").
 */
import { Buffer } from 'node:buffer';
import type { Response } from 'undici';
import { RegistryError } from '../../model/errors.ts';
import type { RegistryFailure } from '../../model/errors.ts';
import { patience } from '../http/retry.ts';
import type { Patience } from '../http/retry.ts';
import type { BlobArrival, BlobKey, WriteBlobOptions } from '../registry.ts';
import type { OciClient } from './client.ts';
import { pushScope } from './scopes.ts';

/** Bytes of a chunk, and of what is still sent in one piece. Some registries take no chunk under 5 MiB but the last. */
const CHUNK = 8 * 2 ** 20;

type Open = (from: number) => AsyncIterable<Uint8Array>;

/** Sends a blob that is not there. @throws RegistryError, InterruptedError */
export async function writeBlob(
  client: OciClient,
  repository: string,
  blob: BlobKey,
  open: Open,
  options: WriteBlobOptions,
): Promise<BlobArrival> {
  const upload = new Upload(client, repository, blob, options.signal);
  if (await upload.begin(options.mountFrom ?? [])) return 'mounted';
  try {
    await upload.run(open, options.onProgress);
    return 'sent';
  } catch (error) {
    await upload.giveUp();
    throw error;
  }
}

/** One upload session; its address changes with every answer. */
class Upload {
  readonly #client: OciClient;
  readonly #repository: string;
  readonly #blob: BlobKey;
  readonly #signal: AbortSignal | undefined;
  #location: URL | undefined;
  #chunk = CHUNK;

  constructor(client: OciClient, repository: string, blob: BlobKey, signal: AbortSignal | undefined) {
    this.#client = client;
    this.#repository = repository;
    this.#blob = blob;
    this.#signal = signal;
  }

  /** Opens a session; true when the blob could be mounted and none is needed. */
  async begin(mountFrom: readonly string[]): Promise<boolean> {
    for (const from of mountFrom) {
      const answer = await this.#open({ mount: this.#blob.digest, from }, from).catch((error: unknown) => {
        // A repository that we may not read is none to mount from.
        if (error instanceof RegistryError && /^(unauthorized|not-found|refused)$/.test(error.failure))
          return undefined;
        throw error;
      });
      if (answer?.status === 201) return true;
      // What was not mounted became a session: one is enough, and the next repository may have the blob.
      if (answer && from !== mountFrom.at(-1)) await this.giveUp();
    }
    if (!this.#location) await this.#open({});
    return false;
  }

  /** Sends everything, and has the registry compare the digest. */
  async run(open: Open, onProgress: ((done: number) => void) | undefined): Promise<void> {
    const patient = patience(this.#signal);
    if (this.#blob.size <= this.#chunk) {
      await this.#sendWhole(open, patient);
      onProgress?.(this.#blob.size);
      return;
    }
    let at = 0;
    for (;;) {
      try {
        for await (const chunk of chunksOf(open(at), this.#chunk, this.#blob.size - at, this.#damaged)) {
          await this.#patch(chunk, at);
          at += chunk.length;
          patient.progress();
          onProgress?.(at);
        }
        await this.#finish(undefined);
        return;
      } catch (error) {
        await patient.afterFailure(error);
        if (await this.#arrived()) return;
        at = await this.#standing();
        onProgress?.(at);
      }
    }
  }

  /** Ends the session at the registry, which would else keep its bytes for days. */
  async giveUp(): Promise<void> {
    const location = this.#location;
    this.#location = undefined;
    if (!location) return;
    const signal = AbortSignal.timeout(2000);
    await this.#ask({ method: 'DELETE', url: location, once: true, accept: [404, 405], signal }).catch(() => undefined);
  }

  async #open(query: Readonly<Record<string, string>>, from?: string): Promise<Response> {
    const url = this.#client.at(`${this.#repository}/blobs/uploads/`, query);
    const scopes = pushScope(this.#repository, from);
    const answer = await this.#ask({ method: 'POST', url, scopes, headers: { 'content-length': '0' } });
    if (answer.status !== 201) this.#follow(answer, url);
    const least = Number(answer.headers.get('oci-chunk-min-length') ?? 0);
    this.#chunk = Math.max(CHUNK, Number.isSafeInteger(least) ? least : 0);
    return answer;
  }

  async #sendWhole(open: Open, patient: Patience): Promise<void> {
    for (;;) {
      try {
        const chunks: Uint8Array[] = [];
        for await (const chunk of chunksOf(open(0), this.#chunk, this.#blob.size, this.#damaged)) chunks.push(chunk);
        await this.#finish(Buffer.concat(chunks));
        return;
      } catch (error) {
        await patient.afterFailure(error);
        if (await this.#arrived()) return;
        // A part of it may be in the session: what is sent again would come behind it.
        await this.giveUp();
        await this.#open({});
      }
    }
  }

  async #patch(chunk: Uint8Array, at: number): Promise<void> {
    const headers = {
      'content-type': 'application/octet-stream',
      'content-range': `${String(at)}-${String(at + chunk.length - 1)}`,
    };
    const url = this.#session();
    const answer = await this.#ask({ method: 'PATCH', url, headers, body: chunk, accept: [416], once: true });
    // The registry stands elsewhere than we think: it knows where, and may be asked.
    if (answer.status === 416) throw this.#fail('unavailable', 'it stands at another byte than ours');
    this.#follow(answer, url);
  }

  async #finish(body: Uint8Array | undefined): Promise<void> {
    const url = new URL(this.#session());
    url.searchParams.set('digest', this.#blob.digest);
    const headers = { 'content-type': 'application/octet-stream', ...(!body && { 'content-length': '0' }) };
    await this.#ask({ method: 'PUT', url, headers, once: true, ...(body && { body }) });
    this.#location = undefined;
  }

  /** Whether the blob is there after all: only the answer was lost. */
  async #arrived(): Promise<boolean> {
    const url = this.#client.at(`${this.#repository}/blobs/${this.#blob.digest}`);
    return (await this.#ask({ method: 'HEAD', url, accept: [404] })).ok;
  }

  /** How many bytes the registry has; a session that it forgot begins anew. */
  async #standing(): Promise<number> {
    const url = this.#session();
    const answer = await this.#ask({ method: 'GET', url, accept: [404] });
    if (answer.status === 404) {
      await this.#open({});
      return 0;
    }
    this.#follow(answer, url);
    const end = /^(?:bytes=)?0-(\d+)$/.exec(answer.headers.get('range') ?? '')?.[1];
    // Nothing yet is `0-0` to some, which could be one byte as well: sending that one again would be an error.
    return end === undefined || end === '0' ? 0 : Number(end) + 1;
  }

  #session(): URL {
    if (!this.#location) throw this.#fail('refused', 'the registry says no place to send it to');
    return this.#location;
  }

  #follow(answer: Response, asked: URL): void {
    const location = answer.headers.get('location');
    if (location !== null) this.#location = new URL(location, asked);
  }

  async #ask(request: Partial<Parameters<OciClient['send']>[0]> & { readonly url: URL }): Promise<Response> {
    const scopes = pushScope(this.#repository);
    const answer = await this.#client.send({ what: this.#what(), scopes, signal: this.#signal, ...request });
    await answer.body?.cancel();
    return answer;
  }

  #what(): string {
    return `store ${this.#repository}@${this.#blob.digest}`;
  }

  #fail(failure: RegistryFailure, why: string): RegistryError {
    return new RegistryError(this.#client.name, failure, `Cannot ${this.#what()} as ${why}`);
  }

  #damaged = (why: string): RegistryError => this.#fail('damaged', why);
}

/** Pieces of `size` bytes, the last one shorter, that are `total` bytes together. */
async function* chunksOf(
  source: AsyncIterable<Uint8Array>,
  size: number,
  total: number,
  damaged: (why: string) => RegistryError,
): AsyncGenerator<Uint8Array> {
  let parts: Uint8Array[] = [];
  let held = 0;
  let seen = 0;
  for await (const piece of source) {
    seen += piece.length;
    if (seen > total) throw damaged(`it has more bytes than it should: ${String(total)}`);
    for (let rest = piece; rest.length > 0;) {
      const part = rest.subarray(0, size - held);
      rest = rest.subarray(part.length);
      parts.push(part);
      held += part.length;
      if (held < size) continue;
      yield Buffer.concat(parts);
      parts = [];
      held = 0;
    }
  }
  if (seen < total) throw damaged(`it ends ${String(total - seen)} bytes too soon`);
  if (held > 0) yield Buffer.concat(parts);
}
