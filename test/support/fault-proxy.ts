/** A proxy in front of a real server that does to a request what a test wants to see survived. */
import { once } from 'node:events';
import { createServer, request as forward } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export type Fault =
  /** Answers by itself. */
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers?: Record<string, string>;
      readonly body?: string;
    }
  /** Changes the request before the server sees it. */
  | { readonly kind: 'rewrite'; readonly body: (text: string) => string }
  /** Ends the connection after so many bytes of the answer. */
  | { readonly kind: 'cut-answer'; readonly after: number }
  /** Ends both connections after so many bytes of the request have been passed on. */
  | { readonly kind: 'cut-request'; readonly after: number }
  /** Ends the connection when the server has done its work and before it is told. */
  | { readonly kind: 'lose-answer' }
  /** Changes one byte of the answer. */
  | { readonly kind: 'corrupt'; readonly at: number }
  /** Changes headers of the answer; `undefined` takes one away. */
  | { readonly kind: 'headers'; readonly headers: Readonly<Record<string, string | undefined>> };

export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  /** Bytes of the request and of the answer that were passed on. */
  sent: number;
  received: number;
}

export interface FaultProxy extends AsyncDisposable {
  readonly url: string;
  readonly host: string;
  /** All requests so far. */
  readonly seen: Seen[];
  /** Asked for every request, in order. */
  fault: (request: Seen, nth: number) => Fault | undefined;
}

/** Starts one in front of `http://HOST:PORT`. */
export async function faultProxy(target: string): Promise<FaultProxy> {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    const entry = {
      method: request.method ?? '',
      path: request.url ?? '',
      headers: request.headers,
      sent: 0,
      received: 0,
    };
    seen.push(entry);
    const fault = proxy.fault(entry, seen.length - 1);
    if (fault?.kind === 'answer') {
      response.writeHead(fault.status, fault.headers).end(fault.body);
      request.resume();
      return;
    }
    pass(new URL(target), request, response, entry, fault);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = `127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  const proxy: FaultProxy = {
    url: `http://${host}`,
    host,
    seen,
    fault: () => undefined,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return proxy;
}

function pass(
  target: URL,
  request: IncomingMessage,
  response: ServerResponse,
  entry: Seen,
  fault: Fault | undefined,
): void {
  const { method, url: path, headers: given } = request;
  // A body that is changed is as long as it turns out to be.
  const { 'content-length': _, ...rest } = given;
  const headers = fault?.kind === 'rewrite' ? rest : given;
  const end = (): void => {
    onward.destroy();
    request.socket.destroy();
  };
  const onward = forward({ host: target.hostname, port: target.port, method, path, headers }, (answer) => {
    if (fault?.kind === 'lose-answer') {
      answer.resume().on('end', end);
      return;
    }
    const changed = fault?.kind === 'headers' ? { ...answer.headers, ...fault.headers } : answer.headers;
    const kept = Object.entries(changed).filter((each): each is [string, string] => each[1] !== undefined);
    response.writeHead(answer.statusCode ?? 500, Object.fromEntries(kept));
    answer.on('data', (chunk: Buffer) => {
      const piece = fault?.kind === 'corrupt' ? corrupted(chunk, fault.at - entry.received) : chunk;
      if (fault?.kind === 'cut-answer' && entry.received + piece.length > fault.after) {
        const part = piece.subarray(0, Math.max(0, fault.after - entry.received));
        entry.received += part.length;
        response.write(part, end);
        return;
      }
      entry.received += piece.length;
      response.write(piece);
    });
    answer.on('end', () => response.end());
  });
  onward.on('error', () => {
    response.destroy();
  });
  if (fault?.kind === 'rewrite') {
    const { body } = fault;
    void text(request).then((whole) => onward.end(body(whole)));
    return;
  }
  request.on('data', (chunk: Buffer) => {
    if (fault?.kind === 'cut-request' && entry.sent + chunk.length > fault.after) {
      const part = chunk.subarray(0, Math.max(0, fault.after - entry.sent));
      entry.sent += part.length;
      onward.write(part, end);
      return;
    }
    entry.sent += chunk.length;
    onward.write(chunk);
  });
  request.on('end', () => onward.end());
}

function corrupted(chunk: Buffer, at: number): Buffer {
  const copy = Buffer.from(chunk);
  const byte = copy[at];
  if (byte !== undefined) copy[at] = byte ^ 0xff;
  return copy;
}
