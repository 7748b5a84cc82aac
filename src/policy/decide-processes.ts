/** One subscription: how many processes, who sleeps, and what is to be remembered of it. */
import type { ProcessDecision } from '../model/decision.ts';
import type { PolicyMemory, SubscriptionMemory } from '../model/memory.ts';
import type { Instant } from '../model/quantity.ts';
import type { History, Measurement } from '../model/signal.ts';
import { DEFAULT_SCALE_DOWN } from '../model/policy.ts';
import { type Spec, type SubscriptionSpec } from '../model/spec.ts';
import type { Crew } from './crews.ts';
import { decideCount } from './decide-count.ts';
import { latest, useOf, type Use } from './idle.ts';
import { floorOf } from './keep-one.ts';
import type { Follow } from './needs.ts';
import { sleepWishes } from './sleep.ts';

export interface ProcessesInput {
  readonly spec: Spec;
  readonly measurement: Measurement;
  readonly history: History;
  /** With no time in it that is yet to come. */
  readonly memory: PolicyMemory;
  /** Why the whole fleet holds still. */
  readonly hold: string | undefined;
  readonly now: Instant;
  readonly quiet?: boolean;
  /** What those ask for that it follows. */
  readonly follow?: Follow | undefined;
}

export interface ProcessesDecided {
  readonly decision: ProcessDecision;
  readonly memory: SubscriptionMemory | undefined;
  /** By process. */
  readonly idleSince: ReadonlyMap<string, Instant>;
}

export function decideProcesses(input: ProcessesInput, subscription: SubscriptionSpec, crew: Crew): ProcessesDecided {
  const { spec, measurement, memory, hold, now, quiet = false, follow } = input;
  const { alias, idle, scaling } = subscription;
  const served = subscription.port !== undefined || subscription.hosts.length > 0;
  const runtime = spec.cartridges[subscription.cartridge]?.runtime ?? 'lxc';
  const uses = usesOf(input, subscription, crew, served, runtime !== 'vm');
  const since = idleTimes(input, subscription, crew, uses);
  const idleSince = (process: string): Instant => since.get(process) ?? now;
  const partition = spec.partitions[spec.cartridges[subscription.cartridge]?.partition ?? ''];
  const floor = floorOf({
    wakes: idle?.wake === 'on-request' && served ? idle : undefined,
    crew,
    idleSince,
    coldAfter: partition?.policy.scaleDown.after ?? DEFAULT_SCALE_DOWN.after,
    moves: idle !== undefined || Object.keys(scaling.target).length > 0,
    refused: measurement.refused?.[alias] ?? 0,
    now,
  });
  const samples = input.history[alias] ?? NONE;
  const problems = measurement.problems[alias] ?? NONE;
  const remembered = memory.subscriptions[alias];
  const known = { samples, memory: remembered, floor, follow, problems, hold, now, quiet };
  const count = decideCount({ subscription, crew, ...known });
  const wishes =
    hold === undefined
      ? sleepWishes({
          idle,
          wakeable: served || idle?.wake === 'never',
          crew,
          useOf: (process) => uses.get(process),
          idleSince,
          needed: count.needed,
          keepAwake: count.keepAwake,
          now,
        })
      : NOTHING;
  return {
    decision: {
      subscription: alias,
      current: crew.current,
      desired: count.desired,
      awake: crew.current - crew.sleepers.length,
      needed: count.needed,
      reasons: count.reasons,
      needs: count.needs,
      ...wishes,
    },
    memory: count.memory,
    idleSince: since,
  };
}

const NOTHING = { sleep: {}, wake: {}, notes: [] };
const NONE: readonly never[] = [];
const NOBODY = new Map<string, never>() as ReadonlyMap<string, never>;

/** Whether those that are awake are used, where the policy asks. */
function usesOf(
  { measurement, memory, now }: ProcessesInput,
  { idle }: SubscriptionSpec,
  crew: Crew,
  served: boolean,
  inside: boolean,
): ReadonlyMap<string, Use> {
  if (!idle) return NOBODY;
  return new Map(
    crew.ready.map(({ name }) => [
      name,
      useOf(measurement.processes[name], idle, served, memory.idleSince[name], now, inside),
    ]),
  );
}

/** Since when each is idle; those that sleep since before they did. */
function idleTimes(
  { measurement, memory, now }: ProcessesInput,
  { idle }: SubscriptionSpec,
  crew: Crew,
  uses: ReadonlyMap<string, Use>,
): ReadonlyMap<string, Instant> {
  if (!idle) return NOBODY;
  const since = new Map<string, Instant>();
  for (const { process } of crew.sleepers) {
    const { name } = process;
    since.set(name, latest(memory.idleSince[name] ?? now, measurement.processes[name]?.lastUsed, now));
  }
  for (const [name, use] of uses) if (use.use === 'idle') since.set(name, use.since);
  return since;
}
