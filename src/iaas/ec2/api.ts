/** EC2's API: the SDK loaded with the first request, one client for all, failures as {@link IaasError}. */
import type { EC2 } from '@aws-sdk/client-ec2';
import { interrupted } from '../../concurrency/interrupted.ts';
import type { Ec2IaasSpec } from '../../model/iaas/ec2.ts';
import { remembered } from '../../concurrency/remembered.ts';
import type { IaasContext } from '../provider.ts';
import { clientSettings } from './client-settings.ts';
import { translate } from './failures.ts';

export interface Ec2Api {
  /** Makes one request. `what` stands after "Cannot" in messages. @throws IaasError, InterruptedError */
  ask<Answer>(what: string, request: Ec2Request<Answer>, signal?: AbortSignal): Promise<Answer>;
  /** All pages of a listing. @throws IaasError, InterruptedError */
  pages<Item>(what: string, page: Ec2Page<Item>, signal?: AbortSignal): Promise<readonly Item[]>;
  /** Where requests go. @throws IaasError when nothing says it */
  region(): Promise<string>;
}

type Ec2Request<Answer> = (ec2: EC2, options: RequestOptions) => Promise<Answer>;
type Ec2Page<Item> = (ec2: EC2, token: Token, options: RequestOptions) => Promise<Page<Item>>;

interface RequestOptions {
  readonly abortSignal?: AbortSignal;
}
/** Part of a request: where the page begins. */
interface Token {
  readonly NextToken?: string;
}
interface Page<Item> {
  readonly items: readonly Item[] | undefined;
  readonly next: string | undefined;
}

/** Opens it; nothing is loaded or contacted yet. */
export function openEc2(spec: Ec2IaasSpec, { env }: Pick<IaasContext, 'env'>): Ec2Api {
  const asker = { iaas: spec.name, profile: spec.profile };

  async function open(): Promise<EC2> {
    const { EC2 } = await import('@aws-sdk/client-ec2');
    return new EC2(await clientSettings(spec, env, spec.endpoint));
  }

  const client = remembered(open);
  const api: Ec2Api = {
    async ask(what, request, signal) {
      if (signal?.aborted) throw interrupted(signal);
      try {
        return await request(await client(), signal ? { abortSignal: signal } : {});
      } catch (error) {
        if (signal?.aborted) throw interrupted(signal);
        throw translate(asker, what, error);
      }
    },
    async pages<Item>(what: string, page: Ec2Page<Item>, signal?: AbortSignal): Promise<readonly Item[]> {
      const all: Item[] = [];
      let next: string | undefined;
      do {
        const token = next === undefined ? {} : { NextToken: next };
        const answer = await api.ask(what, async (ec2, options) => page(ec2, token, options), signal);
        all.push(...(answer.items ?? []));
        ({ next } = answer);
      } while (next !== undefined && next !== '');
      return all;
    },
    region: async () => api.ask(`use ${spec.name}`, async (ec2) => ec2.config.region()),
  };
  return api;
}
