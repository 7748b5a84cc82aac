import type { Hold, Notice } from '../model/plan.ts';
import { DEFAULT_SPARE, type PartitionPolicy, type PlacementAlgorithm } from '../model/policy.ts';
import { type PartitionSpec, type PlacementSpec } from '../model/spec.ts';
import { type VmSize } from '../model/vm-size.ts';
import type { ActionIds } from './action-ids.ts';
import type { GatewaySlots } from './gateway-slots.ts';
import type { WorldIndex } from './index-world.ts';
import type { Ties } from './limit-changes.ts';
import type { PlanInput } from './plan-input.ts';
import type { Prerequisites } from './prerequisites.ts';

/** What all partitions of one plan are planned from, and add to. */
export interface Shared extends Ties {
  readonly input: PlanInput;
  readonly world: WorldIndex;
  readonly ids: ActionIds;
  readonly needs: Prerequisites;
  /** By alias, why nothing of it starts in this plan: what it needs cannot be had before it. */
  readonly waiting: ReadonlyMap<string, string>;
  /** Gateways that stay, by partition: filled as partitions are planned. */
  readonly hosts: Map<string, GatewaySlots>;
}

/** What one partition is planned from. A partition that left the spec is one that shall have no VM. */
export interface PartitionView extends Shared {
  readonly name: string;
  /** Undefined: it is no longer in the spec. */
  readonly spec: PartitionSpec | undefined;
  /** Its VMs are processes: each is made for one. */
  readonly guests: boolean;
  /** Partition on whose VMs its gateways are, if not on its own. Undefined: its own; none where its VMs are processes. */
  readonly gateway: string | undefined;
  readonly placement: readonly PlacementSpec[];
  readonly vms: { readonly min: number; readonly max: number };
  readonly size: VmSize;
  readonly places: number;
  readonly maxIndex: number;
  readonly strategy: 'pack' | 'spread';
  readonly algorithm: PlacementAlgorithm;
  /** Why an IaaS, or a zone of it, is not asked for machines at the moment; undefined: it may be. */
  readonly closed: (iaas: string, zone?: string) => string | undefined;
  readonly spare: PartitionPolicy['spare'];
  /** VMs that policy does not need any more, with its reason. */
  readonly removable: Readonly<Record<string, string>>;
  /** What is empty goes without waiting for policy. */
  readonly atOnce: boolean;
  /** Why no VM is made or removed. */
  readonly noVms: string | undefined;
  /** Most that further VMs may cost together in an hour. */
  readonly spend: number;
  /** Aliases to act on; undefined: everything in the partition. */
  readonly only: ReadonlySet<string> | undefined;
  /** Says what is put off, or stays on purpose. */
  readonly hold: (target: string, reason: string) => void;
  /** Says what the spec asks for and cannot be had as things are. */
  readonly miss: (target: string, reason: string) => void;
  readonly notice: (target: string, message: string) => void;
}

export interface Findings {
  readonly holds: Hold[];
  readonly notices: Notice[];
}

export function partitionView(
  name: string,
  only: ReadonlySet<string> | undefined,
  shared: Shared,
  findings: Findings,
): PartitionView {
  const { input, world, ids, needs, waiting, hosts, moves, due } = shared;
  const { spec: whole, decisions, networkCapacity } = input;
  const spec = whole.partitions[name];
  const decision = decisions.vms[name];
  const closed = (decisions.closed ?? []).filter(({ partition }) => partition === undefined || partition === name);
  return {
    name,
    spec,
    guests: spec ? spec.runtime === 'vm' : (world.vmsOf.get(name) ?? []).some((vm) => vm.runtime === 'vm'),
    gateway: spec?.gateway,
    placement: spec?.placement ?? [],
    vms: spec
      ? { min: decision?.min ?? spec.policy.vms.min, max: decision?.max ?? spec.policy.vms.max }
      : { min: 0, max: 0 },
    size: spec?.policy.vm ?? NO_SIZE,
    places: spec?.policy.processesPerVm ?? Number.MAX_SAFE_INTEGER,
    maxIndex: spec ? networkCapacity(spec.network) : Number.MAX_SAFE_INTEGER,
    strategy: spec?.policy.strategy ?? 'pack',
    algorithm: spec?.policy.algorithm ?? 'one-after-another',
    closed: (iaas, zone) =>
      closed.find((place) => place.iaas === iaas && (place.zone === undefined || place.zone === zone))?.reason,
    spare: spec?.policy.spare ?? DEFAULT_SPARE,
    removable: decision?.removable ?? {},
    atOnce:
      !spec || spec.runtime === 'vm' || (spec.policy.scaleDown.after === 0 && spec.policy.scaleDown.afterGrowth === 0),
    noVms: decision?.hold,
    spend: decision?.spend ?? Number.POSITIVE_INFINITY,
    only,
    // One by one: who gives a view of another partition must not make this one of that.
    ...{ input, world, ids, needs, waiting, hosts, moves, due },
    hold: (target, reason) => void findings.holds.push({ target, reason }),
    miss: (target, reason) => void findings.holds.push({ target, reason, unmet: true }),
    notice: (target, message) => void findings.notices.push({ target, message }),
  };
}

const NO_SIZE = { cpu: 0, memory: 0 } as VmSize;
