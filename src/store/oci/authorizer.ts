/**
 * The right to ask: by name and password, or with tokens that a token server gives for them
 * (distribution, "Token Authentication Specification" and "OAuth2 Token Authentication").
 */
import { RegistryError } from '../../model/errors.ts';
import { failureOf, networkFailure } from '../http/failures.ts';
import type { Fetch } from '../../host/open-fetch.ts';
import { parseChallenges } from './challenge.ts';
import type { Challenge } from './challenge.ts';
import type { ChooseCredentials, Credentials } from './credentials.ts';
import { mergeScopes, repositoryIn } from './scopes.ts';

export interface AuthorizerSettings {
  /** Of the registry, for messages. */
  readonly name: string;
  readonly url: URL;
  readonly fetch: Fetch;
  readonly credentials: () => Promise<ChooseCredentials>;
  /** Whether secrets may travel in clear: a registry that is spoken to by plain http. */
  readonly plain: boolean;
}

export interface Authorizer {
  /** What a request for these scopes carries, as far as it is known. */
  header(scopes: readonly string[]): string | undefined;
  /** Learns from the 401 to a request that carried `sent`; whether asking again makes sense. @throws RegistryError when the token server refuses */
  learn(
    challenge: string | null,
    scopes: readonly string[],
    sent: string | undefined,
    signal?: AbortSignal,
  ): Promise<boolean>;
}

/** Seconds a token lasts where its server does not say, and at most that it counts as spent before its time. */
const TOKEN_LIFE = 60;
const MARGIN = 5;

/** Makes the authorizer of one registry; tokens live in memory. */
export function authorizer({ name, url, fetch, credentials, plain }: AuthorizerSettings): Authorizer {
  /** Known once the registry has asked for passwords. */
  let basic: ChooseCredentials | undefined;
  const tokens = new Map<string, { readonly token: string; readonly until: number }>();
  const keyOf = (scopes: readonly string[]): string => scopes.toSorted().join(' ');

  async function fetchToken(
    { parameters }: Challenge,
    scopes: readonly string[],
    known: Credentials | undefined,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const realm = URL.parse(parameters.realm ?? '', url.href);
    if (!realm) throw refused(`it names no token server: ${String(parameters.realm)}`);
    // A password must not leave in clear because a registry says so.
    if (realm.protocol !== 'https:' && !(plain && realm.protocol === 'http:'))
      throw refused(`its token server is not asked by https: ${realm.href}`);
    const wanted = mergeScopes([...(parameters.scope ?? '').split(' ').filter(Boolean), ...scopes]);
    const what = `log in to ${name}`;
    let answer;
    try {
      answer = await fetch(...tokenRequest(realm, parameters.service, wanted, known, signal));
    } catch (error) {
      throw networkFailure(error, { registry: name, what, url: realm, signal });
    }
    if (!answer.ok) {
      await answer.body?.cancel();
      throw new RegistryError(
        name,
        failureOf(answer.status),
        `Cannot ${what} as the token server answers ${String(answer.status)}: ${realm.host}`,
        { hint: loginHint(name) },
      );
    }
    const body = (await answer.json().catch(() => ({}))) as Readonly<Record<string, unknown>>;
    const token = body.token ?? body.access_token;
    if (typeof token !== 'string') throw refused(`its token server gives no token: ${realm.host}`);
    const life = typeof body.expires_in === 'number' ? body.expires_in : TOKEN_LIFE;
    tokens.set(keyOf(scopes), { token, until: Date.now() + (life - Math.min(MARGIN, life / 2)) * 1000 });
  }

  const refused = (why: string): RegistryError =>
    new RegistryError(name, 'refused', `Cannot log in to ${name} as ${why}`);

  return {
    header(scopes) {
      if (basic) return basicHeader(basic(repositoryIn(scopes)));
      const known = tokens.get(keyOf(scopes));
      return known && known.until > Date.now() ? `Bearer ${known.token}` : undefined;
    },
    async learn(text, scopes, sent, signal) {
      const challenges = parseChallenges(text ?? '');
      const bearer = challenges.find(({ scheme }) => scheme === 'bearer');
      const choose = await credentials();
      if (bearer) {
        await fetchToken(bearer, scopes, choose(repositoryIn(scopes)), signal);
        return true;
      }
      if (!challenges.some(({ scheme }) => scheme === 'basic')) return false;
      basic = choose;
      // Another request may have learnt it meanwhile: what counts is what this one was sent with.
      const header = basicHeader(choose(repositoryIn(scopes)));
      return header !== undefined && header !== sent;
    },
  };
}

/** The command that helps whoever is not known. */
export function loginHint(name: string): string {
  return `stratos store login ${name}`;
}

/** Undefined for a token, which is no password. */
function basicHeader(known: Credentials | undefined): string | undefined {
  if (!known || known.identity) return undefined;
  return `Basic ${Buffer.from(`${known.user}:${known.secret.reveal()}`).toString('base64')}`;
}

function tokenRequest(
  realm: URL,
  service: string | undefined,
  scopes: readonly string[],
  known: Credentials | undefined,
  signal: AbortSignal | undefined,
): Parameters<Fetch> {
  const options = signal ? { signal } : {};
  if (known?.identity === true) {
    const body = new URLSearchParams({
      grant_type: 'refresh_token',
      client_id: 'stratos',
      refresh_token: known.secret.reveal(),
      scope: scopes.join(' '),
      ...(service !== undefined && { service }),
    });
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    return [realm, { ...options, method: 'POST', headers, body: body.toString() }];
  }
  const url = new URL(realm);
  if (service !== undefined) url.searchParams.set('service', service);
  for (const scope of scopes) url.searchParams.append('scope', scope);
  const authorization = basicHeader(known);
  return [url, { ...options, headers: authorization === undefined ? {} : { authorization } }];
}
