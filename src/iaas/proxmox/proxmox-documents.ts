/** What Proxmox VE's API says, as far as it is used here: names and types of its own reference. */
import type { IaasFailure } from '../../model/errors.ts';

/** An entry of `/cluster/resources`; what a node has not told yet is missing. */
export interface Resource {
  readonly type: string;
  readonly node: string;
  readonly status?: string;
  readonly vmid?: number;
  readonly name?: string;
  /** Separated by `;`. */
  readonly tags?: string;
  readonly template?: number;
  /** Bytes; of a node what is used, and all of it. */
  readonly mem?: number;
  readonly maxmem?: number;
}

/** A VM's place in the cluster. */
export interface Place {
  readonly node: string;
  readonly vmid: number;
}

/** A VM's configuration: drives and network interfaces by name, as text. */
export type Config = Readonly<Record<string, string | number | undefined>>;

export interface Status {
  readonly status: 'running' | 'stopped';
  readonly lock?: string;
}

export interface Task {
  readonly status: 'running' | 'stopped';
  readonly exitstatus?: string;
}

export interface Interface {
  readonly name: string;
  readonly 'hardware-address'?: string;
  readonly 'ip-addresses'?: readonly { readonly 'ip-address': string; readonly 'ip-address-type': string }[];
}

/** What it says where it has no code for it; its words are not translated. */
const WORDS: readonly (readonly [RegExp, IaasFailure])[] = [
  [/disk quota exceeded|out of quota/i, 'quota'],
  [/no space left|insufficient free space|not enough (free )?space|out of space/i, 'no-capacity'],
  [/cannot allocate memory|not enough memory|no free memory/i, 'no-capacity'],
  [/guest agent/i, 'not-found'],
  [/configuration file '.*' does not exist|no such file|volume .* does not exist/i, 'not-found'],
  [/permission check failed|no ticket|invalid token|authentication failure/i, 'unauthorized'],
  [/already exists|not supported|parameter verification failed|no such (storage|node|pool)/i, 'invalid'],
];

/** The failure that its words mean; undefined where they are none of those known. */
export function failureOfWords(words: string): IaasFailure | undefined {
  return WORDS.find(([pattern]) => pattern.test(words))?.[1];
}
