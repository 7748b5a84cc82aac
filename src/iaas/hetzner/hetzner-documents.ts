/** What Hetzner's API says, as far as it is used here: names and types of its own reference. */
import type { IaasFailure } from '../../model/errors.ts';

export interface Server {
  readonly id: number;
  readonly name: string;
  readonly status: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly location: { readonly name: string };
  readonly public_net: { readonly ipv4: Address | null; readonly ipv6: Address | null };
  readonly private_net: readonly { readonly ip?: string }[];
}

interface Address {
  /** Of IPv6 a network: `2001:db8::/64`. */
  readonly ip: string;
}

export interface Action {
  readonly id: number;
  readonly status: 'running' | 'success' | 'error';
  readonly error: Complaint | null;
}

export interface Complaint {
  readonly code: string;
  readonly message: string;
}

export interface ServerType {
  readonly name: string;
  readonly cores: number;
  /** GiB. */
  readonly memory: number;
  /** GB. */
  readonly disk: number;
  readonly architecture: 'x86' | 'arm';
  readonly prices: readonly { readonly location: string; readonly price_hourly: { readonly net: string } }[];
  readonly locations: readonly { readonly name: string; readonly deprecation: object | null }[];
}

export interface Image {
  readonly id: number;
  readonly name: string | null;
  readonly status: string;
  readonly architecture: 'x86' | 'arm';
}

/** Anything that has a name. */
export interface Named {
  readonly id: number;
  readonly name: string;
}

/** What a code of Hetzner's means; of others the status decides. */
const CODES: Readonly<Record<string, IaasFailure>> = {
  unauthorized: 'unauthorized',
  forbidden: 'unauthorized',
  token_readonly: 'unauthorized',
  not_found: 'not-found',
  resource_limit_exceeded: 'quota',
  resource_unavailable: 'no-capacity',
  placement_error: 'no-capacity',
  rate_limit_exceeded: 'rate-limited',
  // Another action is under way, or what was asked for has changed meanwhile: it says itself to ask again.
  locked: 'unavailable',
  conflict: 'unavailable',
  timeout: 'unavailable',
  maintenance: 'unavailable',
  service_error: 'unavailable',
};

/** The failure that a complaint means; undefined where it is none of those known. */
export function failureOfCode(code: string | undefined): IaasFailure | undefined {
  return code !== undefined && Object.hasOwn(CODES, code) ? CODES[code] : undefined;
}
