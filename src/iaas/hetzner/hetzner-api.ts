/** Hetzner's API: pages, actions that are waited for, failures in its own words. */
import { IaasError } from '../../model/errors.ts';
import { millis, type Millis } from '../../model/quantity.ts';
import type { HetznerIaasSpec } from '../../model/iaas/hetzner.ts';
import { poll } from '../cloud/poll.ts';
import type { Api, ApiRequest, Explanation, Headers } from '../http/api.ts';
import { untilReset } from '../http/reset-time.ts';
import { tokenApi } from '../http/token-api.ts';
import type { IaasContext } from '../provider.ts';
import { failureOfCode, type Action, type Complaint } from './hetzner-documents.ts';

export interface HetznerApi extends Api {
  /** All pages of a listing; `key` is where it stands in an answer. */
  all(key: string, request: ApiRequest): Promise<readonly unknown[]>;
  /** Waits until an action has ended. @returns what it failed of; undefined: nothing @throws IaasError when it takes too long */
  failureOf(action: Action, what: string, signal?: AbortSignal): Promise<IaasError | undefined>;
  /** The same. @throws IaasError with what it failed of */
  done(action: Action, what: string, signal?: AbortSignal): Promise<void>;
}

/** Most entries of one page that Hetzner gives. */
const PAGE = 50;
/** Hetzner's limit fills by one call a second, and `RateLimit-Reset` is when it is full: nobody need wait so long. */
const LONGEST_WAIT = 10_000;

/** Opens it. @param interval first pause between two looks at an action */
export function hetznerApi(spec: HetznerIaasSpec, { env }: IaasContext, interval: Millis): HetznerApi {
  const { name, url, token, timeout } = spec;
  const loginHint = 'hcloud context create stratos';
  const api = tokenApi({ iaas: name, url, token, env, explain, loginHint });
  const failureOf: HetznerApi['failureOf'] = async (action, what, signal) => {
    const look = async (): Promise<Action | undefined> => {
      const path = `actions/${String(action.id)}`;
      const now = action.status === 'running' ? await api.ask({ what, path, signal }) : { action };
      const { action: seen } = now as { readonly action: Action };
      return seen.status === 'running' ? undefined : seen;
    };
    const ended = await poll(look, { timeout, interval, signal });
    if (!ended)
      throw new IaasError(name, 'unavailable', `Cannot ${what} yet as ${name} is still at it`, {
        hint: 'stratos reconcile',
      });
    if (ended.status === 'success') return undefined;
    const { code, message } = ended.error ?? { code: 'error', message: 'it says no more' };
    const words = `Cannot ${what} as ${name} says ${code}: ${message}`;
    return new IaasError(name, failureOfCode(code) ?? 'unavailable', words);
  };
  return {
    ...api,
    failureOf,
    async all(key, request) {
      const found: unknown[] = [];
      for (let page: number | null = 1; page !== null;) {
        const query: ApiRequest['query'] = { ...request.query, page, per_page: PAGE };
        const answer = (await api.ask({ ...request, query })) as Page;
        found.push(...(answer[key] as readonly unknown[]));
        page = answer.meta.pagination.next_page;
      }
      return found;
    },
    async done(action, what, signal) {
      const failure = await failureOf(action, what, signal);
      if (failure) throw failure;
    },
  };
}

type Page = Readonly<Record<string, unknown>> & {
  readonly meta: { readonly pagination: { readonly next_page: number | null } };
};

function explain(_status: number, body: unknown, headers: Headers): Explanation {
  const { error } = (body ?? {}) as { readonly error?: Partial<Complaint> };
  const wait = untilReset(headers);
  return {
    failure: failureOfCode(error?.code),
    ...(error && { words: `${error.code ?? 'error'}: ${error.message ?? ''}` }),
    ...(wait !== undefined && { retryAfter: millis(Math.min(wait, LONGEST_WAIT)) }),
  };
}
