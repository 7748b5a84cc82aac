/**
 * A vendor's API on this machine, with a memory: what is asked and what is answered is checked against the vendor's own document, and it
 * misbehaves when it is told to.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { IaasFaults } from '../contract/iaas.contract.ts';
import type { OpenApiCheck } from './openapi-check.ts';

export interface PeerCall {
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly body: Readonly<Record<string, unknown>>;
  /** Files of a form, by the name of their field; in `body` is what they are called. */
  readonly files: Readonly<Record<string, Buffer>>;
}

export interface PeerAnswer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface PeerSettings {
  /** Of the vendor: `/v1`. It is not in the paths of its document. */
  readonly base: string;
  readonly check: OpenApiCheck;
  /** By operation: `get /servers`. */
  readonly operations: Readonly<Record<string, (call: PeerCall) => PeerAnswer>>;
  /** What the header `Authorization` must be. */
  readonly authorization: string;
  readonly refuse: {
    unauthorized(): PeerAnswer;
    /** @param wait seconds after which it may be asked again, where it says so */
    throttled(wait: number | undefined): PeerAnswer;
  };
  /** Which operation makes a machine. */
  readonly create: string;
}

export interface RestPeer extends AsyncDisposable {
  readonly url: string;
  /** Every request and answer that the vendor's document does not allow. */
  readonly violations: readonly string[];
  /** Operations in the order they were asked for. */
  readonly asked: string[];
  readonly faults: Pick<IaasFaults, 'loseAnswer' | 'lockOut' | 'throttle'>;
}

/** Starts it on a free port. */
export async function restPeer(settings: PeerSettings): Promise<RestPeer> {
  const violations: string[] = [];
  const asked: string[] = [];
  const state = { lose: 0, locked: false, throttled: 0, wait: undefined as number | undefined };

  function answer(request: IncomingMessage, url: URL, sent: Sent): PeerAnswer {
    const called = url.pathname.startsWith(settings.base)
      ? settings.check(request.method ?? 'GET', url.pathname.slice(settings.base.length))
      : undefined;
    if (!called) {
      violations.push(`there is no ${request.method ?? ''} ${url.pathname}`);
      return { status: 404, body: {} };
    }
    asked.push(called.name);
    const { body, files } = sent;
    violations.push(...called.request(url.searchParams, body));
    const given = work(request, called.name, {
      params: called.params,
      query: url.searchParams,
      body: body ?? {},
      files,
    });
    violations.push(...called.answer(given.status, given.body));
    return given;
  }

  function work(request: IncomingMessage, name: string, call: PeerCall): PeerAnswer {
    if (state.locked || request.headers.authorization !== settings.authorization) return settings.refuse.unauthorized();
    if (state.throttled > 0) {
      state.throttled -= 1;
      return settings.refuse.throttled(state.wait);
    }
    const operation = settings.operations[name];
    if (!operation) throw new Error(`the peer lacks ${name}`);
    return operation(call);
  }

  /** A mistake of the peer's own is seen at once, and nobody waits for an answer. */
  function safely(work: () => PeerAnswer): PeerAnswer {
    try {
      return work();
    } catch (error) {
      violations.push(String(error));
      return { status: 500, body: {} };
    }
  }

  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://peer');
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const {
        status,
        body,
        headers = {},
      } = safely(() => answer(request, url, readSent(Buffer.concat(parts), request.headers['content-type'])));
      const isCreate =
        `${(request.method ?? '').toLowerCase()} ${url.pathname.slice(settings.base.length)}` === settings.create;
      if (isCreate && state.lose > 0) {
        state.lose -= 1;
        request.socket.destroy();
        return;
      }
      send(response, status, body, headers);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${String(port)}${settings.base}`,
    violations,
    asked,
    faults: {
      loseAnswer: () => {
        state.lose = 1;
      },
      lockOut: () => {
        state.locked = true;
        return () => {
          state.locked = false;
        };
      },
      throttle: (calls, retryAfter) => {
        state.throttled = calls;
        state.wait = retryAfter;
      },
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function send(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>>,
): void {
  response.writeHead(status, { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}

interface Sent {
  readonly body: PeerCall['body'] | undefined;
  readonly files: PeerCall['files'];
}

/** JSON, or a form whose files are told apart from its fields. */
function readSent(data: Buffer, type = ''): Sent {
  if (data.length === 0) return { body: undefined, files: {} };
  const boundary = /^multipart\/form-data; boundary=(\S+)$/.exec(type)?.[1];
  if (boundary === undefined) return { body: JSON.parse(data.toString()) as Sent['body'], files: {} };
  const body: Record<string, string> = {};
  const files: Record<string, Buffer> = {};
  // As strict as servers that read it by patterns (RFC 7578).
  const [before, ...parts] = data.toString('latin1').split(`--${boundary}`);
  if (before !== '' || parts.pop() !== '--\r\n') throw new Error('the form is cut');
  for (const part of parts) {
    const [head = ''] = part.split('\r\n\r\n', 1);
    const [, name = '', file] =
      /^\r\nContent-Disposition: form-data; name="([^"]+)"(?:; filename="([^"]+)")?/.exec(head) ?? [];
    const content = Buffer.from(part.slice(head.length + 4, -2), 'latin1');
    body[name] = file ?? content.toString();
    if (file !== undefined) files[name] = content;
  }
  return { body, files };
}
