/**
 * What EC2 does and moto does not, in front of moto: it answers a token with the machine that it made before, shows what was made only
 * after a while, has no room, throttles, hands out small pages, and loses answers.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface Asked {
  readonly action: string;
  readonly params: URLSearchParams;
  /** Whose access key signed it. */
  readonly accessKey: string;
}

export interface Refusal {
  readonly code: string;
  readonly status?: number;
  readonly message?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Ec2Faults extends AsyncDisposable {
  readonly url: string;
  /** All requests so far. */
  readonly asked: Asked[];
  /** Asked for each request; what it gives is the answer. */
  refuse: (asked: Asked) => Refusal | undefined;
  /** The next request for a machine is done, and its answer lost. */
  loseNext: boolean;
  /** Most machines of a page. */
  page: number | undefined;
  /** Machines are on their way, without addresses. */
  stalled: boolean;
  /** How many looks a machine that is made from now on is not to be found. */
  hideFor: number;
  /** Shows what is hidden. */
  showAll(): void;
  /** Quotas that the account has, by code; moto knows none of EC2's. */
  readonly quotas: Map<string, number>;
  /** Quotas that AWS gives by default, by code. */
  readonly defaultQuotas: Map<string, number>;
  /** The next machine ends by itself, for this reason. */
  endNext: { readonly code: string; readonly message: string } | undefined;
}

/** Starts it in front of moto. */
export async function ec2Faults(moto: string): Promise<Ec2Faults> {
  const made = new Map<string, { readonly request: string; readonly answer: string }>();
  const hidden = new Map<string, number>();
  const ended = new Set<string>();
  const dying = new Map<string, { readonly code: string; readonly message: string }>();

  /** The answer to a token that was used before, as EC2 gives it; undefined for a new one. */
  function byToken({ action, params }: Asked): { status: number; body: string } | undefined {
    const before = action === 'RunInstances' ? made.get(params.get('ClientToken') ?? '') : undefined;
    if (!before) return undefined;
    if (before.request !== params.toString())
      return { status: 400, body: refusalXml({ code: 'IdempotentParameterMismatch' }) };
    const gone = idsIn(before.answer).some((id) => ended.has(id));
    return { status: 200, body: gone ? withState(before.answer, 48, 'terminated') : before.answer };
  }

  function unseen({ action, params }: Asked): Refusal | undefined {
    if (!/^(Start|Stop|Terminate)Instances$/.test(action)) return undefined;
    const id = [...params.values()].find((value) => hidden.has(value));
    return id === undefined ? undefined : { code: 'InvalidInstanceID.NotFound', message: `no ${id}` };
  }

  /** Service Quotas: what moto does not know of, its own words where the test has no answer either. */
  async function answerQuota(request: IncomingMessage, response: ServerResponse, target: string): Promise<void> {
    const body = await text(request);
    const params = new URLSearchParams(JSON.parse(body) as Record<string, string>);
    const [, action = ''] = target.split('.');
    const asked: Asked = { action, params, accessKey: signerOf(request) };
    faults.asked.push(asked);
    const refusal = faults.refuse(asked);
    const code = params.get('QuotaCode') ?? '';
    const Value = (action === 'GetServiceQuota' ? faults.quotas : faults.defaultQuotas).get(code);
    const say = (status: number, document: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(document));
    };
    if (refusal) say(refusal.status ?? 400, { __type: refusal.code, Message: refusal.message });
    else if (Value !== undefined) say(200, { Quota: { ServiceCode: 'ec2', QuotaCode: code, Value } });
    else {
      const headers = {
        authorization: request.headers.authorization ?? '',
        'content-type': request.headers['content-type'] ?? '',
        'x-amz-target': target,
      };
      const answered = await fetch(moto, { method: 'POST', headers, body });
      const type = { 'content-type': 'application/x-amz-json-1.1' };
      response.writeHead(answered.status, type).end(await answered.text());
    }
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { 'x-amz-target': target } = request.headers;
    if (typeof target === 'string') {
      await answerQuota(request, response, target);
      return;
    }
    const params = new URLSearchParams(await text(request));
    const action = params.get('Action') ?? '';
    const asked: Asked = { action, params, accessKey: signerOf(request) };
    faults.asked.push(asked);
    const refusal = faults.refuse(asked) ?? unseen(asked);
    if (refusal) {
      response.writeHead(refusal.status ?? 400, { ...refusal.headers, 'content-type': 'text/xml' });
      response.end(refusalXml(refusal));
      return;
    }
    const { status, body } = byToken(asked) ?? (await pass(request, asked));
    if (action === 'RunInstances' && status === 200 && faults.loseNext) {
      faults.loseNext = false;
      request.socket.destroy();
      return;
    }
    response.writeHead(status, { 'content-type': 'text/xml' }).end(body);
  }

  async function pass(request: IncomingMessage, { action, params }: Asked): Promise<{ status: number; body: string }> {
    const sent = new URLSearchParams(params);
    if (action === 'DescribeInstances' && faults.page !== undefined) sent.set('MaxResults', String(faults.page));
    // It cannot label the copy of the disk as well.
    if (action === 'CreateImage')
      for (const key of params.keys()) if (key.startsWith('TagSpecification.2.')) sent.delete(key);
    const answered = await fetch(moto, {
      method: 'POST',
      headers: {
        authorization: request.headers.authorization ?? '',
        'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
      },
      body: sent.toString(),
    });
    const body = await answered.text();
    if (!answered.ok) return { status: answered.status, body };
    if (action === 'RunInstances') {
      if (faults.endNext) for (const id of idsIn(body)) dying.set(id, faults.endNext);
      faults.endNext = undefined;
      made.set(params.get('ClientToken') ?? '', { request: params.toString(), answer: body });
      if (faults.hideFor > 0) for (const id of idsIn(body)) hidden.set(id, faults.hideFor);
    }
    if (action === 'TerminateInstances') for (const id of idsIn(body)) ended.add(id);
    return { status: 200, body: action === 'DescribeInstances' ? seenIn(body) : body };
  }

  /** The listing without what cannot be seen yet. */
  function seenIn(body: string): string {
    const [head = '', ...reservations] = body.split(/(?=<item><reservationId>)/);
    const left = reservations.filter((each) => !idsIn(each).some((id) => hidden.has(id))).map(withEnd);
    for (const [id, looks] of hidden) {
      if (looks > 1) hidden.set(id, looks - 1);
      else hidden.delete(id);
    }
    // What closes the listing stands behind the last reservation.
    const tail = left.at(-1)?.includes('</reservationSet>')
      ? ''
      : /<\/reservationSet>.*$/s.exec(reservations.at(-1) ?? '')?.[0];
    const shown = `${head}${left.join('')}${tail ?? ''}`;
    if (!faults.stalled) return shown;
    return withState(shown.replaceAll(/<(privateIpAddress|ipAddress)>[^<]*<\/\1>/g, ''), 0, 'pending');
  }

  function withEnd(reservation: string): string {
    const reason = idsIn(reservation).flatMap((id) => dying.get(id) ?? [])[0];
    if (!reason) return reservation;
    const { code, message } = reason;
    const why = `<stateReason><code>${code}</code><message>${message}</message></stateReason>`;
    return withState(reservation, 48, 'terminated').replace(/<stateReason>.*?<\/stateReason>/s, why);
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      response.destroy(error instanceof Error ? error : undefined);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const faults: Ec2Faults = {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    asked: [],
    refuse: () => undefined,
    loseNext: false,
    page: undefined,
    stalled: false,
    hideFor: 0,
    showAll() {
      hidden.clear();
    },
    quotas: new Map(),
    defaultQuotas: new Map(),
    endNext: undefined,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return faults;
}

function signerOf(request: IncomingMessage): string {
  return /Credential=([^/]+)\//.exec(request.headers.authorization ?? '')?.[1] ?? '';
}

function idsIn(xml: string): readonly string[] {
  return Array.from(xml.matchAll(/<instanceId>(i-[0-9a-f]+)</g), ([, id = '']) => id);
}

function withState(xml: string, code: number, name: string): string {
  const state = `<instanceState><code>${String(code)}</code><name>${name}</name></instanceState>`;
  return xml.replaceAll(/<instanceState>.*?<\/instanceState>/gs, state);
}

/** An error as EC2 writes it. */
function refusalXml({ code, message = `${code}, said by the test` }: Refusal): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<Response><Errors><Error><Code>${code}</Code><Message>${message}</Message></Error></Errors><RequestID>test</RequestID></Response>`;
}
