/** A machine of GCE as its API shows it, read as one of ours. */
import type { Machine } from '../../model/observation.ts';
import type { GceIaasSpec } from '../../model/iaas/gce.ts';
import { labelledMachine } from '../cloud/labelled-machine.ts';
import { decodeLabels } from '../cloud/labels.ts';

export interface Instance {
  readonly name: string;
  readonly status: string;
  /** Address of its zone. */
  readonly zone: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly disks?: readonly { readonly boot?: boolean; readonly source?: string }[];
  readonly networkInterfaces?: readonly NetworkInterface[];
}

interface NetworkInterface {
  readonly networkIP?: string;
  readonly accessConfigs?: readonly { readonly natIP?: string }[];
}

/** Where an instance is: what its id is made of. */
export interface Place {
  readonly zone: string;
  readonly name: string;
}

const STATES: Readonly<Record<string, Machine['state']>> = {
  PENDING: 'pending',
  PROVISIONING: 'pending',
  STAGING: 'pending',
  REPAIRING: 'pending',
  RUNNING: 'running',
  // Also on the way to being deleted; who starts it waits for what comes of it.
  PENDING_STOP: 'stopped',
  STOPPING: 'stopped',
  SUSPENDING: 'stopped',
  STOPPED: 'stopped',
  SUSPENDED: 'stopped',
  TERMINATED: 'stopped',
  DEPROVISIONING: 'deleting',
};

/** Whether it is on its way from running to something else. */
export function isEnding({ status }: Instance): boolean {
  return ['PENDING_STOP', 'STOPPING', 'SUSPENDING', 'DEPROVISIONING'].includes(status);
}

/** Reads an id; undefined for what is none: it stands in the path of requests. */
export function placeOf(id: string): Place | undefined {
  const [, zone, name] = /^([a-z0-9-]+)\/([a-z0-9-]+)$/.exec(id) ?? [];
  return zone === undefined || name === undefined ? undefined : { zone, name };
}

/** The machine; undefined for one that does not carry our lineage. It has an endpoint once it has the address that is asked for. */
export function readInstance(spec: GceIaasSpec, lineage: string, instance: Instance): Machine | undefined {
  const labels = decodeLabels(instance.labels ?? {});
  if (labels?.lineage !== lineage) return undefined;
  const zone = instance.zone.slice(instance.zone.lastIndexOf('/') + 1);
  const [network] = instance.networkInterfaces ?? [];
  const address = spec.externalAddress ? network?.accessConfigs?.[0]?.natIP : network?.networkIP;
  const state = STATES[instance.status] ?? 'failed';
  return labelledMachine(labels, { id: `${zone}/${instance.name}`, state, address, user: spec.user, zone });
}
