/** A server as Nova tells of it, and the machine that it is to Stratos. */
import { IaasError } from '../../model/errors.ts';
import type { Machine } from '../../model/observation.ts';
import { labelledMachine } from '../cloud/labelled-machine.ts';
import { decodeLabels } from '../cloud/labels.ts';

/** The part that is used, at microversion 2.52. */
export interface Server {
  readonly id: string;
  readonly status: string;
  /** ISO 8601. */
  readonly created: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly addresses: Readonly<Record<string, readonly Address[]>>;
  readonly flavor: { readonly original_name?: string };
  readonly fault?: { readonly message?: string };
  readonly 'OS-EXT-AZ:availability_zone'?: string | null;
  readonly 'OS-EXT-STS:task_state'?: string | null;
  /** When it first ran; null where it never did. */
  readonly 'OS-SRV-USG:launched_at'?: string | null;
}

interface Address {
  readonly addr: string;
  readonly version: number;
  readonly 'OS-EXT-IPS:type'?: string;
}

/** Statuses that are not `pending`; those of rest first. docs.openstack.org/api-guide/compute/server_concepts.html */
const STATES: Readonly<Record<string, Machine['state']>> = {
  SHUTOFF: 'stopped',
  PAUSED: 'stopped',
  SUSPENDED: 'stopped',
  SHELVED: 'stopped',
  SHELVED_OFFLOADED: 'stopped',
  ACTIVE: 'running',
  MIGRATING: 'running',
  PASSWORD: 'running',
  RESIZE: 'running',
  VERIFY_RESIZE: 'running',
  REVERT_RESIZE: 'running',
  ERROR: 'failed',
  DELETED: 'deleting',
};

/** The action that brings a machine at rest back. */
export const START: Readonly<Record<string, string>> = {
  SHUTOFF: 'os-start',
  PAUSED: 'unpause',
  SUSPENDED: 'resume',
  SHELVED: 'unshelve',
  SHELVED_OFFLOADED: 'unshelve',
};

/** Whether the cloud keeps it only so that its deletion may be taken back; it then goes by itself. */
export function isGone({ status }: Server): boolean {
  return status === 'SOFT_DELETED';
}

/** Whether it failed before it ever ran: there is nothing on it. */
export function neverRan(server: Server): boolean {
  return server.status === 'ERROR' && (server['OS-SRV-USG:launched_at'] ?? null) === null;
}

/** The state in our words. */
function stateOf(server: Server): Machine['state'] {
  if (server['OS-EXT-STS:task_state'] === 'deleting') return 'deleting';
  return STATES[server.status] ?? 'pending';
}

/** The address on its own network: IPv4 where it has one. */
export function fixedAddressOf({ addresses }: Server): string | undefined {
  const fixed = Object.values(addresses)
    .flat()
    .filter((each) => each['OS-EXT-IPS:type'] !== 'floating');
  return (fixed.find(({ version }) => version === 4) ?? fixed[0])?.addr;
}

/**
 * The machine; undefined when it is none of ours.
 * @param address how it is reached; undefined while that is not known
 */
export function machineOf(
  server: Server,
  { lineage, user, address }: { readonly lineage: string; readonly user: string; readonly address: string | undefined },
): Machine | undefined {
  const labels = decodeLabels(server.metadata);
  if (labels?.lineage !== lineage) return undefined;
  const type = server.flavor.original_name;
  const zone = server['OS-EXT-AZ:availability_zone'] ?? '';
  return labelledMachine(labels, { id: server.id, state: stateOf(server), address, user, type, zone });
}

/** Why a server failed. Nova says so in words alone. */
export function faultOf(iaas: string, vm: string, { id, fault }: Server): IaasError {
  const words = (fault?.message ?? '').replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim();
  if (/no valid host|exhausted all hosts/i.test(words))
    return new IaasError(iaas, 'no-capacity', `Cannot create VM ${vm} as ${iaas} has no room for it: ${words}`);
  const failure = /quota/i.test(words) ? 'quota' : 'unavailable';
  return new IaasError(iaas, failure, `Cannot use VM ${vm} as its machine failed: ${words === '' ? id : words}`);
}
