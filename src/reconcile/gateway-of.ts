/** Which gateway configuration a VM should have: a pure function of the spec, the records and who is in rotation. */
import { createHash } from 'node:crypto';
import { gatewayModel } from '../gateway/gateway-model.ts';
import { renderGateway } from '../gateway/haproxy-config.ts';
import { passagesOf, type GatewayPassage } from '../gateway/passages.ts';
import type { Inventory, ProcessRecord, VmRecord } from '../model/inventory.ts';
import type { RevisionRecord } from '../model/revision.ts';
import { gatewayHome, type Spec } from '../model/spec.ts';
import { trafficWeights } from '../policy/rollout/traffic.ts';

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
  rotation: readonly ProcessRecord[],
  revisions: readonly RevisionRecord[] = [],
  passages: readonly GatewayPassage[] = [],
): GatewayConfiguration {
  const peers = peersOf(vm, vms);
  const weights = trafficWeights(spec, revisions, rotation);
  const model = gatewayModel({ spec, partition: vm.partition, vm, vms, processes: rotation, weights });
  const text = renderGateway({ ...model, passages });
  const config = `# Written by stratos; changes are undone by the next reconcile.\n# peers: ${peers.join(' ')}\n${text}`;
  return { config, digest: createHash('sha256').update(config).digest('hex'), peers };
}

/** Addresses of the partition's other VMs among these, sorted: who may use the published ports of a VM. */
export function peersOf(vm: VmRecord, vms: readonly VmRecord[]): readonly string[] {
  return vms
    .flatMap((other) =>
      other.name !== vm.name && other.partition === vm.partition && other.endpoint ? [other.endpoint.address] : [],
    )
    .sort();
}

/**
 * Answers for any VM of an inventory which gateway it should have when exactly `included` is in rotation. Who is in rotation is
 * worked out once for each set and partition: the VMs of a partition are asked with the same set.
 */
export function gatewaysOf(
  spec: Spec,
  inventory: Inventory,
): (vm: string, included: ReadonlySet<string>) => GatewayConfiguration | undefined {
  const vms = new Map(inventory.vms.map((vm) => [vm.name, vm]));
  const byPartition = Map.groupBy(inventory.vms, (vm) => vm.partition);
  const byHome = Map.groupBy(inventory.vms, (vm) => gatewayHome(spec.partitions, vm.partition));
  // Of a partition whose VMs are processes, the gateways are elsewhere.
  const vmsOf = (partition: string): readonly VmRecord[] =>
    byPartition.get(gatewayHome(spec.partitions, partition)) ?? [];
  const byVm = Map.groupBy(inventory.processes, (process) => process.vm);
  const passages = new Map<string, readonly GatewayPassage[]>();
  const passagesIn = (partition: string): readonly GatewayPassage[] => {
    let known = passages.get(partition);
    if (!known) passages.set(partition, (known = passagesOf(spec, partition, vmsOf)));
    return known;
  };
  const rotations = new WeakMap<ReadonlySet<string>, Map<string, readonly ProcessRecord[]>>();
  const rotationOf = (partition: string, included: ReadonlySet<string>): readonly ProcessRecord[] => {
    const known = rotations.get(included) ?? new Map<string, readonly ProcessRecord[]>();
    rotations.set(included, known);
    let rotation = known.get(partition);
    if (!rotation) {
      rotation = (byHome.get(partition) ?? [])
        .flatMap((vm) => byVm.get(vm.name) ?? [])
        .filter((process) => included.has(process.name));
      known.set(partition, rotation);
    }
    return rotation;
  };
  return (name, included) => {
    const vm = vms.get(name);
    if (!vm || vm.runtime === 'vm') return undefined;
    const rotation = rotationOf(vm.partition, included);
    const all = byHome.get(vm.partition) ?? [];
    return gatewayOf(spec, vm, all, rotation, inventory.revisions, passagesIn(vm.partition));
  };
}
