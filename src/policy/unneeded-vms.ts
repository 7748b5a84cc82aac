/** VMs that may go: Cluster Autoscaler's conditions, but for "everything on it fits elsewhere", which is placement's to say. */
import type { Inventory, VmRecord } from '../model/inventory.ts';
import { leastVms } from '../model/least-vms.ts';
import type { VmMemory } from '../model/memory.ts';
import type { Observation } from '../model/observation.ts';
import { formatDuration, instant, type Instant } from '../model/quantity.ts';
import type { PartitionSpec, Spec } from '../model/spec.ts';
import { onceFor } from './once-for.ts';
import { showShare } from './show-number.ts';

export interface UnneededInput {
  readonly spec: Spec;
  readonly inventory: Inventory;
  readonly observation: Observation;
  readonly memory: Readonly<Record<string, VmMemory>>;
  readonly now: Instant;
}

/** What the processes on a VM take, and when the newest of them was made. */
interface Tenants {
  /** In thousandths of a core, so that sums do not depend on their order. */
  cpu: number;
  memory: number;
  /** ISO 8601; empty when there is none. */
  newest: string;
}

export interface Unneeded {
  /** By VM, of partitions of the spec. */
  readonly memory: Readonly<Record<string, VmMemory>>;
  /** By partition: VM and reason. */
  readonly removable: ReadonlyMap<string, Readonly<Record<string, string>>>;
  /** By partition: why none may go, although some are not needed. */
  readonly held: ReadonlyMap<string, string>;
}

/**
 * A VM may go when it was ready, answering, without volumes and containers of others, and less than `below` taken, all that for
 * `after` without a break and without a new process; when its partition has more than its minimum and has not grown for `afterGrowth`.
 */
export function unneededVms({ spec, inventory, observation, memory, now }: UnneededInput): Unneeded {
  const tenants = tenantsAt(spec, inventory.processes, now);
  const next: Record<string, VmMemory> = {};
  const removable = new Map<string, Record<string, string>>();
  const held = new Map<string, string>();
  for (const [name, vms] of Map.groupBy(inventory.vms, (vm) => vm.partition)) {
    const partition = spec.partitions[name];
    if (!partition) continue;
    const found: [string, string][] = [];
    for (const vm of vms) {
      const share = freeShare(vm, tenants.get(vm.name), observation, partition);
      const entry = rememberVm(memory[vm.name] ?? {}, share !== undefined, tenants.get(vm.name)?.newest ?? '', now);
      if (entry.unneededSince !== undefined || entry.grewAt !== undefined) next[vm.name] = entry;
      if (share === undefined || entry.unneededSince === undefined) continue;
      const idle = now - entry.unneededSince;
      if (idle < partition.policy.scaleDown.after) continue;
      found.push([vm.name, `unneeded for ${formatDuration(idle)}: ${showShare(share)} of it is taken`]);
    }
    if (found.length === 0) continue;
    const why = holdOf(partition, vms, now);
    if (why === undefined) removable.set(name, Object.fromEntries(found.toSorted(([a], [b]) => (a < b ? -1 : 1))));
    else held.set(name, why);
  }
  return { memory: next, removable, held };
}

/** Who is on which VM, without times that are yet to come: a clock was set back since. */
function tenantsAt(spec: Spec, processes: Inventory['processes'], now: Instant): ReadonlyMap<string, Tenants> {
  const until = new Date(now).toISOString();
  const tenants = tenantsOf(spec)(processes);
  for (const { newest } of tenants.values()) if (newest > until) return countTenants(spec, processes, until);
  return tenants;
}

const tenantsOf = onceFor((spec: Spec) =>
  onceFor((processes: Inventory['processes']) => countTenants(spec, processes, '~')),
);

function countTenants(spec: Spec, processes: Inventory['processes'], until: string): ReadonlyMap<string, Tenants> {
  const tenants = new Map<string, Tenants>();
  for (const { vm, subscription, state, createdAt } of processes) {
    if (state === 'leaving') continue;
    let entry = tenants.get(vm);
    if (!entry) tenants.set(vm, (entry = { cpu: 0, memory: 0, newest: '' }));
    const resources = spec.cartridges[spec.subscriptions[subscription]?.cartridge ?? '']?.resources;
    entry.cpu += Math.round((resources?.cpu ?? 0) * 1000);
    entry.memory += resources?.memory ?? 0;
    // Times of records are ISO 8601 in UTC: as text they have the same order, and reading each would take the most of a decision.
    if (createdAt > entry.newest && createdAt <= until) entry.newest = createdAt;
  }
  return tenants;
}

/** Share that is taken where it could go; undefined where it could not. */
function freeShare(
  vm: VmRecord,
  tenants: Tenants | undefined,
  observation: Observation,
  { policy }: PartitionSpec,
): number | undefined {
  const seen = observation.vms[vm.name];
  // One that is a process goes with it.
  if (vm.state !== 'ready' || seen?.status !== 'reached' || seen.guest) return undefined;
  if ((seen.volumes?.length ?? 0) > 0 || seen.foreign.length > 0) return undefined;
  const share = tenants ? Math.max(tenants.cpu / (vm.size.cpu * 1000), tenants.memory / vm.size.memory) : 0;
  return share < policy.scaleDown.below ? share : undefined;
}

/** A new process on it begins the time anew. */
function rememberVm(before: VmMemory, unneeded: boolean, newest: string, now: Instant): VmMemory {
  const grew = Math.max(before.grewAt ?? -Infinity, pastTime(newest, now));
  const grewAt = grew === -Infinity ? {} : { grewAt: instant(grew) };
  if (!unneeded) return grewAt;
  return { ...grewAt, unneededSince: instant(Math.max(before.unneededSince ?? now, grew)) };
}

function holdOf(partition: PartitionSpec, vms: readonly VmRecord[], now: Instant): string | undefined {
  const staying = vms.filter(({ state }) => state !== 'deleting').length;
  const least = leastVms(partition);
  if (staying <= least) return `none may go: ${staying} are there and ${least} is the minimum`;
  const { afterGrowth } = partition.policy.scaleDown;
  const grown = now - Math.max(...vms.map(({ createdAt }) => pastTime(createdAt, now)));
  if (grown >= afterGrowth) return undefined;
  return `none may go: it grew ${formatDuration(grown)} ago, and for ${formatDuration(afterGrowth)} after that none does`;
}

/** A time in a record; one that is yet to come, or none, says nothing: -Infinity. */
function pastTime(text: string, now: Instant): number {
  const at = Date.parse(text);
  return at <= now ? at : -Infinity;
}
