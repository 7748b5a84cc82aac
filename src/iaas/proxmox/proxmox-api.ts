/** Proxmox VE's API: answers in an envelope, tasks that are waited for, failures in its own words. */
import { IaasError } from '../../model/errors.ts';
import type { Millis } from '../../model/quantity.ts';
import type { ProxmoxIaasSpec } from '../../model/iaas/proxmox.ts';
import { poll } from '../cloud/poll.ts';
import type { Api, ApiRequest, Explanation, Headers } from '../http/api.ts';
import { tokenApi } from '../http/token-api.ts';
import type { IaasContext } from '../provider.ts';
import { failureOfWords, type Task } from './proxmox-documents.ts';

export interface ProxmoxApi extends Api {
  /** Asks for work and waits until it is done. @throws IaasError with what it failed of */
  work(request: ApiRequest): Promise<void>;
}

/** Opens it. @param interval first pause between two looks at a task */
export function proxmoxApi(spec: ProxmoxIaasSpec, { env }: IaasContext, interval: Millis): ProxmoxApi {
  const { name, token, ca, fingerprint, timeout } = spec;
  const api = tokenApi({
    iaas: name,
    url: `${spec.url.replace(/\/$/, '')}/api2/json`,
    token,
    env,
    ca,
    fingerprint,
    authorization: (secret) => `PVEAPIToken=${secret}`,
    explain,
    loginHint: 'pveum user token add stratos@pve stratos',
  });
  const inside = async (answer: Promise<unknown>): Promise<unknown> =>
    ((await answer) as { readonly data?: unknown } | undefined)?.data;
  const ask: ProxmoxApi['ask'] = (request) => inside(api.ask(request));
  return {
    ask,
    find: (request) => inside(api.find(request)),
    async work(request) {
      const { what, signal } = request;
      const upid = await ask(request);
      // What is done at once has no task.
      if (typeof upid !== 'string' || !upid.startsWith('UPID:')) return;
      const path = `nodes/${upid.split(':')[1] ?? ''}/tasks/${encodeURIComponent(upid)}/status`;
      const look = async (): Promise<Task | undefined> => {
        const task = (await ask({ what, path, signal })) as Task;
        return task.status === 'running' ? undefined : task;
      };
      const ended = await poll(look, { timeout, interval, signal });
      if (!ended)
        throw new IaasError(name, 'unavailable', `Cannot ${what} yet as ${name} is still at it: ${upid}`, {
          hint: 'stratos reconcile',
        });
      const { exitstatus = 'OK' } = ended;
      if (exitstatus === 'OK' || exitstatus.startsWith('WARNINGS')) return;
      const words = exitstatus.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ').trim();
      const message = `Cannot ${what} as its task failed: ${words}`;
      throw new IaasError(name, failureOfWords(words) ?? 'unavailable', message);
    },
  };
}

/** Its words are in the answer since version 9, and beside the status before. */
function explain(status: number, body: unknown, _headers: Headers, reason: string): Explanation {
  const { message, errors } = (body ?? {}) as {
    readonly message?: string;
    readonly errors?: Readonly<Record<string, string>>;
  };
  const parameters = Object.entries(errors ?? {}).map(([key, said]) => `${key}: ${said.trim()}`);
  const words = [(message ?? reason).trim(), ...parameters].join(' ').trim();
  // The status alone says who is not known and what is asked too often.
  return { failure: status >= 500 || status === 400 ? failureOfWords(words) : undefined, words };
}
