/**
 * The upload of blobs as the distribution specification 1.1 has it, for what the real registry here does not do: it keeps the part of a
 * chunk that arrived before a cut, wants chunks of a least size, and has the referrers API.
 */
import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SpecRegistry extends AsyncDisposable {
  readonly url: string;
  readonly blobs: Map<string, Buffer>;
  /** Bytes of each request body that arrived. */
  readonly arrived: number[];
  /** Cuts the connection once, after so many bytes of all bodies. */
  cutAfter: number;
  /** `OCI-Chunk-Min-Length` of new sessions. */
  minimum: number | undefined;
  /** Answers of the referrers API, page by page; undefined where there is none. */
  referrers: readonly object[] | undefined;
}

/** Starts one. */
export async function specRegistry(): Promise<SpecRegistry> {
  const sessions = new Map<string, Buffer>();
  const self: Omit<SpecRegistry, 'url' | typeof Symbol.asyncDispose> = {
    blobs: new Map(),
    arrived: [],
    cutAfter: Infinity,
    minimum: undefined,
    referrers: undefined,
  };

  async function take(request: IncomingMessage, session: string): Promise<void> {
    const nth = self.arrived.push(0) - 1;
    const pieces = [sessions.get(session) ?? Buffer.alloc(0)];
    const keep = (): unknown => sessions.set(session, Buffer.concat(pieces));
    for await (const piece of request) {
      let chunk = piece as Buffer;
      const cut = chunk.length >= self.cutAfter;
      if (cut) chunk = chunk.subarray(0, self.cutAfter);
      else self.cutAfter -= chunk.length;
      self.arrived[nth] = (self.arrived[nth] ?? 0) + chunk.length;
      pieces.push(chunk);
      if (!cut) continue;
      self.cutAfter = Infinity;
      keep();
      request.socket.destroy();
      return;
    }
    keep();
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '', 'http://here');
    const [, repository = '', kind = '', rest = ''] =
      /^\/v2\/(.+?)\/(blobs\/uploads|blobs|referrers)\/(.*)$/.exec(url.pathname) ?? [];
    const { method = '' } = request;
    if (kind === 'referrers' && self.referrers) {
      const page = Number(url.searchParams.get('page') ?? 0);
      const more = page + 1 < self.referrers.length;
      if (more) response.setHeader('link', `<${url.pathname}?page=${String(page + 1)}>; rel="next"`);
      response.setHeader('content-type', 'application/vnd.oci.image.index.v1+json');
      response.end(JSON.stringify(self.referrers[page]));
      return;
    }
    if (kind === 'blobs') {
      response.statusCode = self.blobs.has(rest) ? 200 : 404;
      response.end();
      return;
    }
    if (kind !== 'blobs/uploads') {
      response.statusCode = 404;
      response.end();
      return;
    }
    const session = rest === '' ? randomUUID() : rest;
    const held = sessions.get(session) ?? Buffer.alloc(0);
    // Relative, and with a query that has to be kept.
    response.setHeader('location', `/v2/${repository}/blobs/uploads/${session}?state=${String(held.length)}`);
    if (method === 'POST') {
      sessions.set(session, held);
      if (self.minimum !== undefined) response.setHeader('oci-chunk-min-length', String(self.minimum));
      response.statusCode = 202;
    } else if (!sessions.has(session)) {
      response.statusCode = 404;
    } else if (method === 'GET') {
      response.statusCode = 204;
      if (held.length > 0) response.setHeader('range', `0-${String(held.length - 1)}`);
    } else if (method === 'PATCH') {
      const start = Number(request.headers['content-range']?.split('-')[0] ?? held.length);
      if (start !== held.length) response.statusCode = 416;
      else {
        await take(request, session);
        response.statusCode = 202;
        response.setHeader('range', `0-${String((sessions.get(session)?.length ?? 0) - 1)}`);
      }
    } else if (method === 'PUT') {
      await take(request, session);
      const whole = sessions.get(session) ?? Buffer.alloc(0);
      const digest = `sha256:${createHash('sha256').update(whole).digest('hex')}`;
      const right = digest === url.searchParams.get('digest');
      if (right) self.blobs.set(digest, whole);
      sessions.delete(session);
      response.statusCode = right ? 201 : 400;
    } else {
      sessions.delete(session);
      response.statusCode = 204;
    }
    response.end();
  }

  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return Object.assign(self, {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  });
}
