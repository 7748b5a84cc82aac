/** Memory without times that are yet to come. */
import type { PolicyMemory, SubscriptionMemory, VmMemory } from '../model/memory.ts';
import { instant, type Instant } from '../model/quantity.ts';

/**
 * A clock that was set back leaves times in memory that are yet to come, and what waits for them would wait for as long as the clock
 * jumped: they count as now. Idle times are left as they are, there being as many as processes: who reads one takes none to come.
 */
export function withoutFuture(memory: PolicyMemory, now: Instant): PolicyMemory {
  const past = (at: Instant): Instant => instant(Math.min(at, now));
  return {
    ...memory,
    subscriptions: mapValues(memory.subscriptions, (entry) => pastSubscription(entry, past)),
    vms: mapValues(memory.vms, (entry) => pastVm(entry, past)),
    ...(memory.bootFailedAt ? { bootFailedAt: mapValues(memory.bootFailedAt, past) } : {}),
  };
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

function mapValues<T>(record: Readonly<Record<string, T>>, change: (value: T) => T): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
