/** DigitalOcean's API: pages, actions that are waited for, failures in its own words. */
import { IaasError } from '../../model/errors.ts';
import type { Millis } from '../../model/quantity.ts';
import type { DigitalOceanIaasSpec } from '../../model/iaas/digitalocean.ts';
import { poll } from '../cloud/poll.ts';
import type { Api, ApiRequest, Explanation, Headers } from '../http/api.ts';
import { untilReset } from '../http/reset-time.ts';
import { tokenApi } from '../http/token-api.ts';
import type { IaasContext } from '../provider.ts';
import { failureOfComplaint, type Action, type Complaint } from './digitalocean-documents.ts';

export interface DigitalOceanApi extends Api {
  /** All pages of a listing; `key` is where it stands in an answer. */
  all(key: string, request: ApiRequest): Promise<readonly unknown[]>;
  /** Waits until an action has ended. @returns that it failed, of which DigitalOcean tells no reason @throws IaasError when it takes too long */
  failureOf(action: number, what: string, signal?: AbortSignal): Promise<IaasError | undefined>;
  /** The same. @throws IaasError when it failed */
  done(action: number, what: string, signal?: AbortSignal): Promise<void>;
}

/** Most entries of one page that DigitalOcean gives. */
const PAGE = 200;

/** Opens it. @param interval first pause between two looks at an action */
export function digitaloceanApi(spec: DigitalOceanIaasSpec, { env }: IaasContext, interval: Millis): DigitalOceanApi {
  const { name, url, timeout } = spec;
  // doctl reads one name, Terraform the other.
  const second = env.DIGITALOCEAN_TOKEN === undefined && env.DIGITALOCEAN_ACCESS_TOKEN !== undefined;
  const usual = { kind: 'env', variable: second ? 'DIGITALOCEAN_ACCESS_TOKEN' : 'DIGITALOCEAN_TOKEN' } as const;
  const { token = usual } = spec;
  const api = tokenApi({ iaas: name, url, token, env, explain, loginHint: 'doctl auth init' });
  const failureOf: DigitalOceanApi['failureOf'] = async (id, what, signal) => {
    const look = async (): Promise<Action | undefined> => {
      const path = `v2/actions/${String(id)}`;
      const { action } = (await api.ask({ what, path, signal })) as { readonly action: Action };
      return action.status === 'in-progress' ? undefined : action;
    };
    const ended = await poll(look, { timeout, interval, signal });
    if (!ended)
      throw new IaasError(name, 'unavailable', `Cannot ${what} yet as ${name} is still at it`, {
        hint: 'stratos reconcile',
      });
    if (ended.status === 'completed') return undefined;
    return new IaasError(name, 'unavailable', `Cannot ${what} as ${name} failed at it: action ${String(id)}`);
  };
  return {
    ...api,
    failureOf,
    async all(key, request) {
      const found: unknown[] = [];
      for (let page = 1; ; page += 1) {
        const query: ApiRequest['query'] = { ...request.query, page, per_page: PAGE };
        const answer = (await api.ask({ ...request, query })) as Page;
        found.push(...(answer[key] as readonly unknown[]));
        if (answer.links?.pages?.next === undefined) return found;
      }
    },
    async done(id, what, signal) {
      const failure = await failureOf(id, what, signal);
      if (failure) throw failure;
    },
  };
}

type Page = Readonly<Record<string, unknown>> & {
  readonly links?: { readonly pages?: { readonly next?: string } };
};

function explain(_status: number, body: unknown, headers: Headers): Explanation {
  const complaint = (body ?? {}) as Complaint;
  return { failure: failureOfComplaint(complaint), words: complaint.message, retryAfter: untilReset(headers) };
}
