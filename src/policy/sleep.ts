/** Who goes to sleep and who wakes. */
import type { SleepWish } from '../model/decision.ts';
import type { ProcessRecord } from '../model/inventory.ts';
import { formatDuration, type Instant } from '../model/quantity.ts';
import type { IdlePolicy } from '../model/policy.ts';
import type { Crew, Sleeper } from './crews.ts';
import type { Use } from './idle.ts';
import { counted } from './show-number.ts';

export interface SleepInput {
  /** Undefined: nobody sleeps. */
  readonly idle: IdlePolicy | undefined;
  /** Whether a sleeper could ever be woken: by a request that reaches it, or by a run where the policy says `wake: never`. */
  readonly wakeable: boolean;
  readonly crew: Crew;
  readonly useOf: (process: string) => Use | undefined;
  readonly idleSince: (process: string) => Instant;
  /** Awake processes that the load needs; sleepers are woken for them. */
  readonly needed: number;
  /** No one goes to sleep where fewer would then be awake and ready. */
  readonly keepAwake: number;
  readonly now: Instant;
}

export interface SleepWishes {
  readonly sleep: Readonly<Record<string, SleepWish>>;
  readonly wake: Readonly<Record<string, string>>;
  readonly notes: readonly string[];
}

/** Sleepers that are needed wake; those that stay sleep deeper after a while; who is idle for long enough, and not needed, goes to sleep. */
export function sleepWishes(input: SleepInput): SleepWishes {
  const { idle, crew } = input;
  if (!idle || !input.wakeable || (idle.freezeAfter === undefined && idle.stopAfter === undefined)) {
    const why = idle ? `idle policy ${idle.name} puts it to sleep no more` : 'its subscription has no idle policy';
    return crew.sleepers.length === 0
      ? NOTHING
      : { ...NOTHING, wake: Object.fromEntries(crew.sleepers.map(({ process }) => [process.name, why])) };
  }
  const wake = wakeUp(input);
  const deeper = crew.sleepers.flatMap(({ process, depth }) => {
    if (wake[process.name] !== undefined || depth === 'stopped') return [];
    const wish = wishOf(idle, input.idleSince(process.name), input.now);
    return wish?.depth === 'stopped' ? [[process.name, wish] as const] : [];
  });
  const { tired, notes } = fallAsleep(input, idle);
  return { sleep: Object.fromEntries([...deeper, ...tired]), wake, notes };
}

const NOTHING: SleepWishes = { sleep: {}, wake: {}, notes: [] };

/** As many sleepers as are missing; the ones that wake soonest first: frozen before stopped, and at last those that could not be woken. */
function wakeUp({ crew, needed }: SleepInput): Record<string, string> {
  const awake = crew.ready.length;
  const missing = needed - awake;
  if (missing <= 0) return {};
  const reason = `${counted(needed, 'process is', 'processes are')} needed and ${awake} ${awake === 1 ? 'is' : 'are'} awake and ready`;
  const order = crew.sleepers.toSorted((a, b) => effort(a) - effort(b) || a.process.ordinal - b.process.ordinal);
  return Object.fromEntries(order.slice(0, missing).map(({ process }) => [process.name, reason]));
}

function effort({ depth, wakeFailure }: Sleeper): number {
  return (wakeFailure === undefined ? 0 : 2) + (depth === 'stopped' ? 1 : 0);
}

/** Those idle the longest first, as long as enough others are awake. */
function fallAsleep({ crew, useOf, keepAwake, now }: SleepInput, idle: IdlePolicy) {
  const unknown = new Map<string, number>();
  const tired: { readonly process: ProcessRecord; readonly since: Instant; readonly wish: SleepWish }[] = [];
  for (const process of crew.ready) {
    const state = useOf(process.name);
    if (state?.use === 'unknown') unknown.set(state.missing, (unknown.get(state.missing) ?? 0) + 1);
    if (state?.use !== 'idle') continue;
    const wish = wishOf(idle, state.since, now);
    if (wish) tired.push({ process, since: state.since, wish });
  }
  tired.sort((a, b) => a.since - b.since || b.process.ordinal - a.process.ordinal);
  const may = Math.max(0, crew.ready.length - keepAwake);
  const notes = [...unknown]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(
      ([missing, count]) =>
        `${counted(count, 'process stays', 'processes stay')} awake: ${missing}, and no data is not idle`,
    );
  if (tired.length > may)
    notes.push(`${counted(tired.length - may, 'idle process stays', 'idle processes stay')} awake for the load`);
  return { tired: tired.slice(0, may).map(({ process, wish }) => [process.name, wish] as const), notes };
}

/** How deep who is idle since then should sleep; undefined: not yet. */
function wishOf({ name, freezeAfter, stopAfter }: IdlePolicy, since: Instant, now: Instant): SleepWish | undefined {
  const idleFor = now - since;
  const wish = (depth: SleepWish['depth'], after: number): SleepWish => ({
    depth,
    reason: `idle for ${formatDuration(idleFor)}: idle policy ${name} has it ${depth} after ${formatDuration(after)}`,
  });
  if (stopAfter !== undefined && idleFor >= stopAfter) return wish('stopped', stopAfter);
  if (freezeAfter !== undefined && idleFor >= freezeAfter) return wish('frozen', freezeAfter);
  return undefined;
}
