/** What a reconcile would do with decisions, done to the model: processes first, since VMs follow from them. */
import type { Decisions, ProcessDecision } from '../model/decision.ts';
import { instant, type Instant } from '../model/quantity.ts';
import type { ProcessSample } from '../model/signal.ts';
import type { Spec } from '../model/spec.ts';
import type { Actor } from './actor.ts';
import type { Fleet } from './fleet.ts';
import type { Delays, SimulatedProcess, SimulatedVm } from './simulated.ts';
import type { Tally } from './tally.ts';

export interface ApplyInput {
  readonly spec: Spec;
  readonly fleet: Fleet;
  readonly decisions: Decisions;
  readonly delays: Delays;
  readonly now: Instant;
  readonly actors: ReadonlyMap<string, Actor>;
  /** What is measured of processes that answer, by name; changed in place. */
  readonly samples: Record<string, ProcessSample>;
  readonly tallies: ReadonlyMap<string, Tally>;
}

export interface Applied {
  /** When all of it is done. */
  readonly until: number;
  /** VMs. */
  readonly made: number;
  readonly removed: number;
}

/** Carries the decisions out, within the changes that one run may make. */
export function applyDecisions(input: ApplyInput): Applied {
  const { fleet, decisions, now } = input;
  const before = countVms(fleet);
  const run = { left: decisions.maxChanges ?? Number.POSITIVE_INFINITY, until: now as number };
  for (const actor of input.actors.values()) {
    const decision = decisions.processes[actor.alias];
    if (decision) applyProcesses(input, actor, decision, run);
  }
  const removed = applyVms(input, run);
  return { until: run.until, made: countVms(fleet) - before + removed, removed };
}

interface Run {
  left: number;
  until: number;
}

function applyProcesses(input: ApplyInput, actor: Actor, decision: ProcessDecision, run: Run): void {
  const { fleet, delays, now, samples, tallies } = input;
  const tally = tallies.get(actor.alias);
  const all = fleet.processesOf(actor.alias);
  actor.wanted = decision.desired;
  for (const name in decision.wake) {
    const process = all.find((candidate) => candidate.name === name);
    if (!process?.asleep || run.left < 1) continue;
    run.left -= 1;
    fleet.set(process, undefined, instant(now + (process.asleep === 'frozen' ? delays.thaw : delays.wake)));
    run.until = Math.max(run.until, process.readyAt);
    actor.asleep -= 1;
    tally?.woke();
  }
  for (const name in decision.sleep) {
    const depth = decision.sleep[name]?.depth;
    const process = all.find((candidate) => candidate.name === name);
    if (!process || process.asleep === depth || run.left < 1) continue;
    run.left -= 1;
    if (process.asleep === undefined) {
      if (process.isReady) actor.ready -= 1;
      actor.asleep += 1;
      Reflect.deleteProperty(samples, name);
    }
    fleet.set(process, depth, now);
  }
  const difference = decision.desired - all.length;
  if (difference === 0) return;
  const done = difference > 0 ? grow(input, actor, difference, run) : shrink(input, actor, -difference, run);
  tally?.changed(now, done);
}

function grow({ fleet, decisions, delays, now, spec }: ApplyInput, actor: Actor, count: number, run: Run): number {
  const partition = spec.cartridges[actor.subscription.cartridge]?.partition ?? '';
  for (let added = 0; added < count; added += 1) {
    const process =
      run.left < 1 ? undefined : fleet.add(actor.alias, now, mostVms(decisions, fleet, partition), delays);
    if (!process) return added;
    run.left -= 1;
    run.until = Math.max(run.until, process.readyAt);
  }
  return count;
}

function shrink({ fleet, samples }: ApplyInput, actor: Actor, count: number, run: Run): number {
  let removed = 0;
  for (const process of victims(fleet.processesOf(actor.alias)).slice(0, count)) {
    if (run.left < 1) break;
    run.left -= 1;
    removed += 1;
    if (process.asleep !== undefined) actor.asleep -= 1;
    else if (process.isReady) actor.ready -= 1;
    Reflect.deleteProperty(samples, process.name);
    fleet.remove(process);
  }
  return -removed;
}

/** Sleepers first, the deepest; then what is not ready; then on the VM nearest to empty; the newest among equals. */
function victims(processes: readonly SimulatedProcess[]): readonly SimulatedProcess[] {
  const rank = ({ asleep, isReady }: SimulatedProcess): number =>
    asleep === 'stopped' ? 0 : asleep === 'frozen' ? 1 : isReady ? 3 : 2;
  return processes.toSorted(
    (a, b) => rank(a) - rank(b) || a.vm.processes.size - b.vm.processes.size || b.ordinal - a.ordinal,
  );
}

/** No more VMs than there are while policy holds. */
function mostVms(decisions: Decisions, fleet: Fleet, partition: string): number {
  const decision = decisions.vms[partition];
  const held = decision?.hold === undefined ? Number.POSITIVE_INFINITY : (fleet.vms.get(partition)?.size ?? 0);
  return Math.min(decision?.max ?? 0, held);
}

/** Minimums and spare room are made, removable VMs emptied; returns how many VMs went. */
function applyVms({ spec, fleet, decisions, delays, now }: ApplyInput, run: Run): number {
  let removed = 0;
  for (const [name, decision] of Object.entries(decisions.vms)) {
    const pool = fleet.vms.get(name);
    const spare = spec.partitions[name]?.policy.spare.vms ?? 0;
    if (!pool) continue;
    const empty = (): number => [...pool].filter(({ processes }) => processes.size === 0).length;
    while ((pool.size < decision.min || empty() < spare) && run.left >= 1) {
      const vm = fleet.addVm(name, now, mostVms(decisions, fleet, name), delays.boot);
      if (!vm) break;
      run.left -= 1;
      run.until = Math.max(run.until, vm.readyAt);
    }
    if (decision.hold !== undefined) continue;
    for (const vm of removable(pool, decision.removable)) {
      if (pool.size <= decision.min || run.left < 1) break;
      if (vm.processes.size === 0 && empty() <= spare) continue;
      if (!fleet.empty(vm)) continue;
      run.left -= 1;
      removed += 1;
    }
  }
  return removed;
}

/** The emptiest first: they cost least to move. */
function removable(pool: ReadonlySet<SimulatedVm>, names: Readonly<Record<string, string>>): readonly SimulatedVm[] {
  return [...pool]
    .filter((vm) => Object.hasOwn(names, vm.name))
    .toSorted((a, b) => a.processes.size - b.processes.size);
}

function countVms(fleet: Fleet): number {
  let count = 0;
  for (const pool of fleet.vms.values()) count += pool.size;
  return count;
}
