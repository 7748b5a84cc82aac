/** What is seen of a machine that is a process: what its IaaS says of it. Nobody asks inside. */
import type { Inventory, ProcessRecord, VmRecord } from '../model/inventory.ts';
import type { Machine, MachineProcess, ReachedVm } from '../model/observation.ts';
import { bytes } from '../model/quantity.ts';
import type { Spec } from '../model/spec.ts';
import type { VmSize } from '../model/vm-size.ts';

/** An observation of a machine that carries the label of a process. A process runs while its machine does. */
export function observeGuest(
  spec: Spec,
  inventory: Pick<Inventory, 'lineage'>,
  machine: Machine & { readonly process: MachineProcess },
  vm: VmRecord | undefined,
  recorded: ProcessRecord | undefined,
): ReachedVm {
  const { process, state, partition = '' } = machine;
  const size: VmSize | undefined = vm?.size ?? machine.size ?? spec.partitions[partition]?.policy.vm;
  const own = recorded?.vm === vm?.name && recorded?.fingerprint === process.fingerprint ? recorded : undefined;
  const at = process.name.lastIndexOf('-');
  const subscription = process.name.slice(0, at);
  const cartridge = spec.cartridges[spec.subscriptions[subscription]?.cartridge ?? ''];
  const total = size?.memory ?? bytes(0);
  return {
    status: 'reached',
    guest: true,
    lineage: inventory.lineage,
    bootId: machine.id,
    cgroup: 'v2',
    ...({ cpus: size?.cpu ?? 0, memory: { total, available: total }, load: 0 } as Pick<
      ReachedVm,
      'cpus' | 'memory' | 'load'
    >),
    disk: { total: size?.disk ?? bytes(0), available: size?.disk ?? bytes(0) },
    processes: [
      {
        name: process.name,
        subscription,
        ordinal: Number(process.name.slice(at + 1)) || 0,
        index: 1,
        // A label has no room for it; the fingerprint says whether it is that.
        image: own?.image ?? cartridge?.image ?? '',
        fingerprint: process.fingerprint,
        state: state === 'stopped' ? 'stopped' : 'running',
        ...(state === 'stopped' && own?.asleep ? { asleep: 'stopped' } : {}),
      },
    ],
    images: [],
    gateway: { running: false, servers: {} },
    foreign: [],
  };
}
