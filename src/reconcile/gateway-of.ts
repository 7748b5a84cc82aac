/** Which gateway configuration a VM should have: a pure function of the spec, the records and who is in rotation. */
import { createHash } from 'node:crypto';
import { gatewayModel } from '../gateway/gateway-model.ts';
import { renderGateway } from '../gateway/haproxy-config.ts';
import type { ProcessRecord, VmRecord } from '../model/inventory.ts';
import type { Spec } from '../model/spec.ts';

export interface GatewayConfiguration {
  /** The whole haproxy.cfg; empty when the VM needs no gateway. */
  readonly config: string;
  /** sha256 hex of `config`. */
  readonly digest: string;
  /** Addresses of the partition's other VMs: the only ones that may use published ports. */
  readonly peers: readonly string[];
}

/**
 * The configuration of one VM's gateway. The peers are part of the text as a comment, so that a partition that got another
 * VM is seen as changed by its digest.
 */
export function gatewayOf(
  spec: Spec,
  vm: VmRecord,
  vms: readonly VmRecord[],
  processes: readonly ProcessRecord[],
  included: (process: ProcessRecord) => boolean,
): GatewayConfiguration {
  const peers = vms
    .flatMap((other) => (other.name !== vm.name && other.endpoint ? [other.endpoint.address] : []))
    .sort();
  const text = renderGateway(
    gatewayModel({ spec, partition: vm.partition, vm, vms, processes: processes.filter(included) }),
  );
  const config = `# Written by stratos; changes are undone by the next reconcile.\n# peers: ${peers.join(' ')}\n${text}`;
  return { config, digest: createHash('sha256').update(config).digest('hex'), peers };
}
