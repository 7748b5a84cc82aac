/** A service of a cloud behind Keystone (Identity API v3): found in the catalogue, asked with a token that is renewed in time. */
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
  readonly endpoint: URL;
  readonly project: string | undefined;
}

/** Opens the service of this type, such as `image`; nothing is asked yet. */
export function openCloudService(type: string, settings: CloudSettings, fetch: Fetch): OpenstackService {
  let token: Promise<Token> | undefined;
  const enter = async (signal: AbortSignal | undefined): Promise<Token> => {
    const known = await token?.catch(() => undefined);
    if (known && known.until - Date.now() > EARLY) return known;
    token = issue(type, settings, fetch, signal);
    return token;
  };
  const send = async (request: ServiceRequest, { value, endpoint }: Token): Promise<Answer> =>
    ask(type, addressOf(endpoint, request.path), request, { 'x-auth-token': value }, fetch);

  return {
    project: async () => (await enter(undefined)).project,
    cut: (what, error, signal) => networkError(type, new URL(settings.authUrl), what, error, signal),
    async send(request) {
      const first = await enter(request.signal);
      let answer = await send(request, first);
      const isStream = typeof request.body === 'object' && !(request.body instanceof Uint8Array);
      if (answer.status === 401) {
        // Somebody ended it before its time; what was a stream is gone, and its sender begins again.
        token = undefined;
        if (!isStream) {
          await answer.body?.cancel();
          answer = await send(request, await enter(request.signal));
        }
      }
      return checked(type, addressOf(first.endpoint, request.path), request, answer);
    },
  };
}

async function issue(
  type: string,
  settings: CloudSettings,
  fetch: Fetch,
  signal: AbortSignal | undefined,
): Promise<Token> {
  const { identity, scope } = settings;
  const request: ServiceRequest = {
    what: 'enter the cloud',
    method: 'POST',
    path: 'v3/auth/tokens',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ auth: { identity: identityOf(identity), ...(scope && { scope }) } }),
    signal,
  };
  const url = addressOf(new URL(settings.authUrl), request.path);
  const answer = await checked('identity', url, request, await ask('identity', url, request, {}, fetch));
  const value = answer.headers.get('x-subject-token');
  const { token } = (await answer.json()) as { readonly token?: TokenShape };
  const until = Date.parse(token?.expires_at ?? '');
  if (value === null || !token || Number.isNaN(until))
    throw new OpenstackError('identity', 'invalid', `Cannot enter the cloud as its answer has no token: ${url.host}`);
  return { value, until, project: token.project?.id, endpoint: endpointOf(type, settings, token.catalog ?? []) };
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
  readonly catalog?: readonly {
    readonly type?: string;
    readonly endpoints?: readonly { readonly interface?: string; readonly region?: string; readonly url?: string }[];
  }[];
}

/** @throws OpenstackError not-found when the cloud has no such service, there or at all */
function endpointOf(type: string, settings: CloudSettings, catalog: NonNullable<TokenShape['catalog']>): URL {
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
