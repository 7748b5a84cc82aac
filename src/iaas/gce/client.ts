/** GCE's REST API as the adapter uses it: lists to their end, operations until they are done. */
import { remembered } from '../../concurrency/remembered.ts';
import { openFetch } from '../../host/open-fetch.ts';
import { IaasError } from '../../model/errors.ts';
import { millis } from '../../model/quantity.ts';
import type { GceIaasSpec } from '../../model/iaas/gce.ts';
import { poll } from '../cloud/poll.ts';
import { openApi, type ApiRequest } from '../http/api.ts';
import { gceHeaders, LOGIN_HINT } from './credentials.ts';
import { explainGce, explainOperation, type OperationProblem } from './failures.ts';

/** The most that GCE gives in one page. */
const PAGE = 500;

/** Something that GCE does after it answered. */
export interface Operation {
  readonly name: string;
  readonly status: string;
  /** Address of its zone; undefined for one of the whole project. */
  readonly zone?: string;
  readonly error?: { readonly errors?: readonly OperationProblem[] };
}

interface Page {
  readonly nextPageToken?: string;
}

export interface GceClient {
  /** The answer, typed by whoever asks; a path that does not begin with `projects/` is below ours. @throws IaasError, InterruptedError */
  ask<T>(request: ApiRequest): Promise<T>;
  /** The same; undefined where there is no such thing. */
  find<T>(request: ApiRequest): Promise<T | undefined>;
  /** All pages of a list. */
  pages<T extends Page>(request: ApiRequest): Promise<readonly T[]>;
  /** Waits until an operation is done. @throws IaasError with what it failed of, unavailable when it takes too long */
  finish(what: string, operation: Operation, signal?: AbortSignal): Promise<void>;
}

/** Opens it; nothing is contacted, and no library loaded, before the first request. */
export function gceClient(spec: GceIaasSpec, env: Readonly<Record<string, string | undefined>>): GceClient {
  const { name, project, timeout } = spec;
  const api = remembered(async () =>
    openApi({
      iaas: name,
      endpoint: new URL(spec.endpoint),
      fetch: await openFetch({}),
      headers: gceHeaders(spec, env),
      explain: explainGce,
      loginHint: LOGIN_HINT,
    }),
  );
  const inProject = ({ path, ...request }: ApiRequest): ApiRequest => ({
    ...request,
    path: path.startsWith('projects/') ? path : `projects/${project}${path === '' ? '' : `/${path}`}`,
  });

  const client: GceClient = {
    ask: async <T>(request: ApiRequest) => (await (await api()).ask(inProject(request))) as T,
    find: async <T>(request: ApiRequest) => (await (await api()).find(inProject(request))) as T | undefined,
    async pages<T extends Page>(request: ApiRequest) {
      const result: T[] = [];
      for (let pageToken: string | undefined; ;) {
        const page: T = await client.ask<T>({ ...request, query: { ...request.query, maxResults: PAGE, pageToken } });
        result.push(page);
        pageToken = page.nextPageToken;
        if (pageToken === undefined || pageToken === '') return result;
      }
    },
    async finish(what, operation, signal) {
      const zone = operation.zone?.split('/').at(-1);
      const path = `${zone === undefined ? 'global' : `zones/${zone}`}/operations/${operation.name}`;
      let last: Operation | undefined = operation;
      const look = async (): Promise<Operation | undefined> => {
        last = last?.status === 'DONE' ? last : await client.ask<Operation>({ what, path, signal });
        return last.status === 'DONE' ? last : undefined;
      };
      const done = await poll(look, { timeout, interval: millis(500), signal });
      if (!done)
        throw new IaasError(name, 'unavailable', `Cannot ${what} in time as GCE is still at it: ${operation.name}`, {
          hint: 'stratos reconcile',
        });
      const problems = done.error?.errors ?? [];
      if (problems.length === 0) return;
      const { failure = 'invalid', words } = explainOperation(problems);
      throw new IaasError(name, failure, `Cannot ${what} as GCE says ${words ?? 'no more'}`);
    },
  };
  return client;
}
