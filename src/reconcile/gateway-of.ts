/** Which gateway configuration a VM should have: a pure function of the spec, the records and who is in rotation. */
import { createHash } from 'node:crypto';
import { gatewayModel } from '../gateway/gateway-model.ts';
import { renderGateway } from '../gateway/haproxy-config.ts';
import type { Inventory, ProcessRecord, VmRecord } from '../model/inventory.ts';
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

/** Answers for any VM of an inventory which gateway it should have when exactly `included` is in rotation. */
export function gatewaysOf(
  spec: Spec,
  inventory: Inventory,
): (vm: string, included: ReadonlySet<string>) => GatewayConfiguration | undefined {
  const vms = new Map(inventory.vms.map((vm) => [vm.name, vm]));
  const byPartition = Map.groupBy(inventory.vms, (vm) => vm.partition);
  const byVm = Map.groupBy(inventory.processes, (process) => process.vm);
  return (name, included) => {
    const vm = vms.get(name);
    if (!vm) return undefined;
    const peers = byPartition.get(vm.partition) ?? [];
    const processes = peers.flatMap((peer) => byVm.get(peer.name) ?? []);
    return gatewayOf(spec, vm, peers, processes, (process) => included.has(process.name));
  };
}
