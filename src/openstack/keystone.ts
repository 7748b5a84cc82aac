/** Services of a cloud behind Keystone (Identity API v3): found in the catalogue, asked with one token that is renewed in time. */
import { untilAborted } from '../concurrency/interrupted.ts';
import { OpenstackError } from './openstack-error.ts';
import type { CloudIdentity, CloudSettings } from './cloud-settings.ts';
import { addressOf, ask, checked, networkError } from './service.ts';
import type { Answer, Fetch, OpenstackService, ServiceRequest } from './service.ts';

/** Time in ms before a token ends at which another is asked for: what is begun with it may take a while. */
const EARLY = 10 * 60_000;

interface Token {
  readonly value: string;
  /** In ms since 1970. */
  readonly until: number;
  readonly project: string | undefined;
  readonly catalog: Catalog;
}

type Enter = (signal: AbortSignal | undefined, spent?: Token) => Promise<Token>;

/** A cloud that is entered once for all its services. */
export interface Cloud {
  /** The service of this type in the catalogue, such as `image`; nothing is asked yet. */
  service(type: string): OpenstackService;
}

/** Opens a cloud; nothing is asked yet. */
export function openCloud(settings: CloudSettings, fetch: Fetch): Cloud {
  let token: Promise<Token> | undefined;
  /** The right to ask; another one than `spent`. Who asks at the same time waits for the same answer. */
  const enter: Enter = async (signal, spent) => {
    const before = token;
    const known = await untilAborted(
      Promise.resolve(before).catch(() => undefined),
      signal,
    );
    if (known && known !== spent && known.until - Date.now() > EARLY) return known;
    if (token === before || token === undefined) token = issue(settings, fetch);
    return untilAborted(token, signal);
  };
  return { service: (type) => cloudService(type, settings, fetch, enter) };
}

function cloudService(type: string, settings: CloudSettings, fetch: Fetch, enter: Enter): OpenstackService {
  const send = async (request: ServiceRequest, { value, catalog }: Token): Promise<Answer> =>
    ask(type, at(request, catalog), request, { 'x-auth-token': value }, fetch);
  const at = ({ path }: ServiceRequest, catalog: Catalog): URL => addressOf(endpointOf(type, settings, catalog), path);

  return {
    project: async () => (await enter(undefined)).project,
    cut: (what, error, signal) => networkError(type, new URL(settings.authUrl), what, error, signal),
    async send(request) {
      const first = await enter(request.signal);
      let answer = await send(request, first);
      const isStream = typeof request.body === 'object' && !(request.body instanceof Uint8Array);
      // Somebody ended it before its time; what was a stream is gone, and its sender begins again.
      if (answer.status === 401 && !isStream) {
        await answer.body?.cancel();
        answer = await send(request, await enter(request.signal, first));
      }
      return checked(type, at(request, first.catalog), request, answer);
    },
  };
}

async function issue(settings: CloudSettings, fetch: Fetch): Promise<Token> {
  const { identity, scope } = settings;
  const request: ServiceRequest = {
    what: 'enter the cloud',
    method: 'POST',
    path: 'v3/auth/tokens',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ auth: { identity: identityOf(identity), ...(scope && { scope }) } }),
  };
  const url = addressOf(new URL(settings.authUrl), request.path);
  const answer = await checked('identity', url, request, await ask('identity', url, request, {}, fetch));
  const value = answer.headers.get('x-subject-token');
  const { token } = (await answer.json()) as { readonly token?: TokenShape };
  const until = Date.parse(token?.expires_at ?? '');
  if (value === null || !token || Number.isNaN(until))
    throw new OpenstackError('identity', 'invalid', `Cannot enter the cloud as its answer has no token: ${url.host}`);
  return { value, until, project: token.project?.id, catalog: token.catalog ?? [] };
}

function identityOf(identity: CloudIdentity): object {
  const { method } = identity;
  const { secret } = identity;
  return method === 'password'
    ? { methods: [method], password: { user: { ...identity.user, password: secret.reveal() } } }
    : { methods: [method], [method]: { ...identity.credential, secret: secret.reveal() } };
}

interface TokenShape {
  readonly expires_at?: string;
  readonly project?: { readonly id?: string };
  readonly catalog?: Catalog;
}

type Catalog = readonly {
  readonly type?: string;
  readonly endpoints?: readonly { readonly interface?: string; readonly region?: string; readonly url?: string }[];
}[];

/** @throws OpenstackError not-found when the cloud has no such service, there or at all */
function endpointOf(type: string, settings: CloudSettings, catalog: Catalog): URL {
  const given = settings.endpoints[type];
  const found = catalog
    .filter((service) => service.type === type)
    .flatMap((service) => service.endpoints ?? [])
    .find(
      (endpoint) =>
        endpoint.interface === settings.interface &&
        (settings.region === undefined || endpoint.region === settings.region),
    );
  const url = URL.parse(given ?? found?.url ?? '');
  if (url) return url;
  const where = settings.region === undefined ? '' : ` in ${settings.region}`;
  throw new OpenstackError(type, 'not-found', `Cannot find the ${type} service of the cloud${where}`, {
    hint: 'openstack catalog list',
  });
}
