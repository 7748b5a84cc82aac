/** A VM of Proxmox VE as a machine. Pure. */
import type { Machine } from '../../model/observation.ts';
import type { ProxmoxIaasSpec } from '../../model/iaas/proxmox.ts';
import { labelledMachine } from '../cloud/labelled-machine.ts';
import { decodeLabels } from '../cloud/labels.ts';
import type { Description } from './description.ts';
import type { Place, Status } from './proxmox-documents.ts';

/** All that is known of a VM with a description of ours. */
export interface KnownVm {
  readonly place: Place;
  readonly status: Status;
  readonly description: Description;
  /** As its guest agent tells it now. */
  readonly address: string | undefined;
}

/** Reads it; undefined where it does not carry our lineage. One without an address is `pending`. */
export function readVm(spec: ProxmoxIaasSpec, lineage: string, known: KnownVm): Machine | undefined {
  const { place, description } = known;
  const labels = decodeLabels(description.labels);
  if (labels?.lineage !== lineage) return undefined;
  const address = spec.addresses[labels.vm]?.split('/')[0] ?? known.address ?? description.address;
  const state = stateOf(known, address);
  return labelledMachine(labels, { id: String(place.vmid), state, address, user: spec.user, zone: place.node });
}

function stateOf({ status, description }: KnownVm, address: string | undefined): Machine['state'] {
  if (status.lock === 'destroyed') return 'deleting';
  if (description.unfinished === true || status.lock === 'clone' || status.lock === 'create') return 'pending';
  if (status.status === 'stopped') return 'stopped';
  return address === undefined ? 'pending' : 'running';
}
