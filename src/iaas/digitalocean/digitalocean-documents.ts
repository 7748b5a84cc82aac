/** What DigitalOcean's API says, as far as it is used here: names and types of its own reference. */
import type { IaasFailure } from '../../model/errors.ts';

export interface Droplet {
  readonly id: number;
  readonly name: string;
  readonly status: string;
  readonly tags: readonly string[];
  readonly region: { readonly slug: string };
  readonly networks: { readonly v4?: readonly Network[]; readonly v6?: readonly Network[] };
}

interface Network {
  readonly ip_address: string;
  readonly type: 'public' | 'private';
}

export interface Action {
  readonly id: number;
  readonly status: 'in-progress' | 'completed' | 'errored';
}

export interface Size {
  readonly slug: string;
  readonly vcpus: number;
  /** MiB. */
  readonly memory: number;
  /** GiB. */
  readonly disk: number;
  readonly price_hourly: number;
  readonly regions: readonly string[];
  readonly available: boolean;
  readonly gpu_info?: object;
}

export interface Vpc {
  readonly id: string;
  readonly name: string;
  readonly region: string;
}

export interface Complaint {
  readonly id?: string;
  readonly message?: string;
}

/**
 * The failure that a complaint means; undefined where its status says it. DigitalOcean has one id for all that it cannot process, so
 * its words decide.
 */
export function failureOfComplaint({ id, message = '' }: Complaint): IaasFailure | undefined {
  if (id !== 'unprocessable_entity' && id !== 'forbidden') return undefined;
  if (/\blimit\b/i.test(message)) return 'quota';
  if (id === 'forbidden') return undefined;
  if (/pending event|in progress/i.test(message)) return 'unavailable';
  if (/(not|un)( currently)? ?available|capacity|sold out/i.test(message)) return 'no-capacity';
  return undefined;
}
