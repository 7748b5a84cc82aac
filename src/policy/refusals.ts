/** IaaS that refused a machine: where the next one is not asked for, until when, and how that is remembered. */
import type { ClosedPlacement } from '../model/decision.ts';
import type { RefusalMemory } from '../model/memory.ts';
import { instant, type Instant, type Millis } from '../model/quantity.ts';
import type { PartitionSpec } from '../model/spec.ts';

type Refusals = Readonly<Record<string, RefusalMemory>>;

/** How long a place is left alone after the first refusal; doubles with each further one. */
const FIRST_WAIT = { full: 5 * 60_000, away: 60_000 } as const;
const LONGEST_WAIT = 3_600_000;
/** A place that was not asked for so long is as good as one that never refused (Cluster Autoscaler's reset). */
const FORGOTTEN_AFTER = 3 * 3_600_000;

/** A place that refused, or gave a machine. */
export interface Asked {
  readonly iaas: string;
  readonly zone?: string;
  readonly partition: string;
}

export interface Refused extends Asked {
  readonly failure: RefusalMemory['failure'];
  /** How long the IaaS wants to be left alone, where it says. */
  readonly retryAfter?: Millis | undefined;
}

/**
 * What is closed to whom: capacity is a matter of the size that a partition wants and of the zone, a quota and credentials are one of
 * the whole IaaS.
 */
function placeOf({ iaas, zone, partition, failure }: Refused): Pick<RefusalMemory, 'iaas' | 'zone' | 'partition'> {
  if (failure !== 'no-capacity') return { iaas };
  return { iaas, ...(zone === undefined ? {} : { zone }), partition };
}

const keyOf = ({ iaas, zone = '', partition = '' }: ClosedPlace): string => [iaas, zone, partition].join('/');
type ClosedPlace = Pick<ClosedPlacement, 'iaas' | 'zone' | 'partition'>;

/** Where no machine is asked for now, with the reason, in the order of names. */
export function closedPlacements(refusals: Refusals | undefined, now: Instant): readonly ClosedPlacement[] {
  return Object.entries(refusals ?? {})
    .filter(([, { until }]) => until > now)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, refusal]) => {
      const { iaas, zone, partition, since, until } = refusal;
      const where = zone === undefined ? iaas : `${iaas} ${zone}`;
      return {
        iaas,
        ...(zone === undefined ? {} : { zone }),
        ...(partition === undefined ? {} : { partition }),
        reason: `${where} ${WORDS[refusal.failure]} since ${clock(since)}, and is asked again at ${clock(until)}`,
      };
    });
}

/** Why places of a partition are closed to it. */
export function closedFor(
  { name, placement }: Pick<PartitionSpec, 'name' | 'placement'>,
  closed: readonly ClosedPlacement[],
): readonly string[] {
  return closed
    .filter(({ partition }) => partition === undefined || partition === name)
    .filter(({ iaas }) => placement.some((entry) => entry.iaas === iaas))
    .map(({ reason }) => reason);
}

/** The memory after a run: what refused is left alone for longer each time, what gave a machine is open again. */
export function rememberRefusals(
  before: Refusals | undefined,
  { refused, given }: { readonly refused: readonly Refused[]; readonly given: readonly Asked[] },
  now: Instant,
): Refusals {
  const next = new Map(Object.entries(before ?? {}));
  for (const { iaas, zone, partition } of given) {
    // A machine that was given shows that the door is open, and in this zone there is room.
    next.delete(keyOf({ iaas }));
    next.delete(keyOf({ iaas, ...(zone === undefined ? {} : { zone }), partition }));
  }
  for (const each of refused) {
    const place = placeOf(each);
    const known = next.get(keyOf(place));
    // Several machines of one run are one refusal.
    const isSame = known?.at === now;
    const times = isSame ? known.times : (known?.times ?? 0) + 1;
    const first = FIRST_WAIT[AWAY.has(each.failure) ? 'away' : 'full'];
    const wait = Math.max(each.retryAfter ?? 0, Math.min(LONGEST_WAIT, first * 2 ** (times - 1)));
    const until = instant(Math.max(isSame ? known.until : 0, now + wait));
    next.set(keyOf(place), { ...place, failure: each.failure, since: known?.since ?? now, at: now, until, times });
  }
  return Object.fromEntries(next);
}

/** Refusals of IaaS and partitions that are still there, without those that are long past. */
export function keepRefusals(refusals: Refusals, isThere: (refusal: RefusalMemory) => boolean, now: Instant): Refusals {
  return Object.fromEntries(
    Object.entries(refusals).filter(([, refusal]) => now - refusal.until < FORGOTTEN_AFTER && isThere(refusal)),
  );
}

/** A clock that was set back leaves times that are yet to come: what waits is asked again as if the clock had always been right. */
export function pastRefusal(refusal: RefusalMemory, now: Instant): RefusalMemory {
  const ahead = Math.max(0, refusal.at - now);
  return {
    ...refusal,
    since: instant(Math.min(refusal.since, now)),
    at: instant(refusal.at - ahead),
    until: instant(refusal.until - ahead),
  };
}

const AWAY: ReadonlySet<string> = new Set<RefusalMemory['failure']>(['unavailable', 'rate-limited']);

const WORDS: Readonly<Record<RefusalMemory['failure'], string>> = {
  'no-capacity': 'has no capacity',
  quota: 'has no quota left',
  unauthorized: 'does not let us in',
  unavailable: 'makes no machines',
  'rate-limited': 'wants to be left alone',
};

/** `12:03 UTC`. */
function clock(at: Instant): string {
  return `${new Date(at).toISOString().slice(11, 16)} UTC`;
}
