/** Memory without times that are yet to come. */
import type { PolicyMemory, SubscriptionMemory, VmMemory } from '../model/memory.ts';
import { instant, type Instant } from '../model/quantity.ts';
import { pastRefusal } from './refusals.ts';

/**
 * A clock that was set back leaves times in memory that are yet to come, and what waits for them would wait for as long as the clock
 * jumped: they count as now. Idle times are left as they are, there being as many as processes: who reads one takes none to come.
 */
export function withoutFuture(memory: PolicyMemory, now: Instant): PolicyMemory {
  const past = (at: Instant): Instant => instant(Math.min(at, now));
  return {
    ...memory,
    subscriptions: mapWhere(
      memory.subscriptions,
      (entry) => latestOf(entry) > now,
      (entry) => pastSubscription(entry, past),
    ),
    vms: mapWhere(
      memory.vms,
      ({ unneededSince, grewAt }) => Math.max(unneededSince ?? 0, grewAt ?? 0) > now,
      (entry) => pastVm(entry, past),
    ),
    ...(memory.refusals
      ? {
          refusals: mapWhere(
            memory.refusals,
            ({ at }) => at > now,
            (refusal) => pastRefusal(refusal, now),
          ),
        }
      : {}),
    ...(memory.bootFailedAt ? { bootFailedAt: mapWhere(memory.bootFailedAt, (at) => at > now, past) } : {}),
  };
}

/** The latest time in what is remembered of a subscription. */
function latestOf({ raisedAt, loweredAt, panic, wanted }: SubscriptionMemory): number {
  let latest = Math.max(raisedAt ?? 0, loweredAt ?? 0, panic?.last ?? 0, panic?.since ?? 0);
  for (const { at } of wanted) if (at > latest) latest = at;
  return latest;
}

type Past = (at: Instant) => Instant;

function pastSubscription(entry: SubscriptionMemory, past: Past): SubscriptionMemory {
  const { raisedAt, loweredAt, panic, wanted } = entry;
  return {
    ...entry,
    ...(raisedAt === undefined ? {} : { raisedAt: past(raisedAt) }),
    ...(loweredAt === undefined ? {} : { loweredAt: past(loweredAt) }),
    ...(panic ? { panic: { ...panic, since: past(panic.since), last: past(panic.last) } } : {}),
    wanted: wanted.map(({ at, count }) => ({ at: past(at), count })),
  };
}

function pastVm({ unneededSince, grewAt }: VmMemory, past: Past): VmMemory {
  return {
    ...(unneededSince === undefined ? {} : { unneededSince: past(unneededSince) }),
    ...(grewAt === undefined ? {} : { grewAt: past(grewAt) }),
  };
}

/** The record with those changed that need it: nearly always none, and then it is the same. */
function mapWhere<T>(
  record: Readonly<Record<string, T>>,
  needs: (value: T) => boolean,
  change: (value: T) => T,
): Readonly<Record<string, T>> {
  let changed: Record<string, T> | undefined;
  for (const key in record) {
    const value = record[key] as T;
    if (needs(value)) (changed ??= { ...record })[key] = change(value);
  }
  return changed ?? record;
}
