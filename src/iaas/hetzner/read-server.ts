/** A server of Hetzner's as a machine. Pure. */
import type { Machine } from '../../model/observation.ts';
import type { HetznerIaasSpec } from '../../model/iaas/hetzner.ts';
import { labelledMachine } from '../cloud/labelled-machine.ts';
import { decodeLabels } from '../cloud/labels.ts';
import type { Server } from './hetzner-documents.ts';

const STATES: Readonly<Record<string, Machine['state']>> = { running: 'running', off: 'stopped', deleting: 'deleting' };

/** Reads it; undefined where it does not carry our lineage. What is between two states is `pending`. */
export function readServer(spec: HetznerIaasSpec, lineage: string, server: Server): Machine | undefined {
  const labels = decodeLabels(server.labels);
  if (labels?.lineage !== lineage) return undefined;
  return labelledMachine(labels, {
    id: String(server.id),
    state: STATES[server.status] ?? 'pending',
    address: addressOf(spec, server),
    user: spec.user,
    zone: server.location.name,
  });
}

function addressOf({ address }: HetznerIaasSpec, { public_net, private_net }: Server): string | undefined {
  if (address === 'private') return private_net[0]?.ip;
  if (address === 'ipv4') return public_net.ipv4?.ip;
  // A server has a whole network, and answers at its first address.
  return public_net.ipv6?.ip.replace(/::(\/\d+)?$/, '::1');
}
