/** What is to be done for one subscription in one partition, before it is known where and in which wave. */
import type { Millis } from '../model/quantity.ts';
import type { Member } from './member.ts';
import type { Slot, Spot } from './slot.ts';
import type { Launch } from './target.ts';
import type { Tokens } from './tokens.ts';

export interface Departure {
  readonly member: Member;
  readonly reason: string;
  /** The same name, VM and index get a new container once this one is gone. */
  readonly inPlace: boolean;
  /** Another process takes its place. False: there are too many, or it should not be there. */
  readonly replaced: boolean;
  /** It is of another revision, and could as well stay for a while. */
  readonly changed?: true;
}

export interface Repair {
  readonly member: Member;
  readonly how: 'create' | 'start' | 'adopt';
  readonly reason: string;
  /** It is in rotation before and after, so it gives no permit. */
  readonly servesAlready: boolean;
}

/** A place that is kept for a new process. */
export interface Reservation extends Spot {
  /** Why it is created, where that is not the reason of the whole work. */
  readonly reason?: string;
  /** The process that moves to it. */
  readonly moves?: string;
}

/** Changes while the waves of a plan are made. */
export interface Work {
  readonly alias: string;
  readonly desired: number;
  readonly launch: Launch | undefined;
  /** What is created once `fresh` is used up: processes of the revision before. */
  readonly fallback: Launch | undefined;
  /** Processes of the wanted revision that may still be created. */
  fresh: number;
  /** What is created now does not permit anything to be withdrawn in the same plan: it must be healthy for a while first. */
  readonly waits: boolean;
  /** Why its rollout goes no further now. */
  readonly held: string | undefined;
  readonly drain: Millis;
  /** Of what another revision replaces a snapshot is kept. */
  readonly snapshot: boolean;
  /** Processes on VMs on which nothing can be done now. */
  readonly stuck: number;
  readonly repairs: readonly Repair[];
  /** Not ready, or free to go: removed in the first wave. */
  readonly leaving: readonly Departure[];
  /** Those that keep their limits, as their VM has no room for the new ones. */
  readonly cramped: ReadonlySet<Member>;
  /** What is there and stays, for all that is known before anything moves by policy. */
  readonly settled: readonly Member[];
  /** How many ready processes policy may take down in one plan, and how many are left of that. */
  readonly share: number;
  allowance: number;
  /** Its processes can be created elsewhere and removed here. */
  readonly movable: boolean;
  /** Ready processes that go as soon as enough others are ready; `next` is the first that is still there. */
  readonly outgoing: Departure[];
  next: number;
  /** Of `outgoing` from `next` on: those that a process of another name replaces. */
  unpaired: number;
  /** Removed in place by a wave; created again by the next. */
  recreate: { readonly departure: Departure; readonly removal: string }[];
  /** New processes still to be created, and the places that are kept for some of them. */
  needed: number;
  readonly reserved: Reservation[];
  readonly reason: string;
  /** Permits to withdraw a ready process. */
  readonly ready: Tokens;
  /** Permits to create a further process. */
  readonly room: Tokens;
  /** Why the last attempt to place failed, in this wave. */
  blocked: string | undefined;
  /** Waves it waited for room. */
  waited: number;
  /** Its new processes by VM, where it may have but one there. */
  readonly createdOn: Map<Slot, string>;
  /** It is replaced by creating before removing, as long as there is room. */
  surges: boolean;
  /** One ready process at a time may be away though the rollout policy allows none, where it cannot be done otherwise. */
  readonly mayBorrow: boolean;
  readonly order: Order;
}

/** When its processes may start and end, by what it needs and what needs it. */
export interface Order {
  /** Why it starts nothing in this plan. Undefined: it may. */
  readonly waits: string | undefined;
  /** What it needs and is not ready yet. */
  readonly after: readonly string[];
  /** First wave in which it may start something. */
  readonly level: number;
  /** Those that go before it, where all of it goes. */
  readonly before: readonly string[];
  /** First wave in which it may end for good. */
  readonly endLevel: number;
  /** Its repairs are in a wave; so is what leaves without a condition. */
  repaired: boolean;
  opened: boolean;
  /** Processes that got ready by this plan, and how many of them by the end of the wave before. */
  made: number;
  proven: number;
  /** Nothing of it was left to do at the end of the wave before. */
  over: boolean;
}

/** Whether a process answers requests, as far as is known: a sleeper does, once it is asked. */
export function isReady(member: Member): boolean {
  return member.state === 'ready' && (member.container === 'running' || member.asleep !== undefined);
}

export function isFinished(work: Work): boolean {
  const { order, needed, next, outgoing, recreate } = work;
  return order.opened && order.repaired && needed === 0 && next >= outgoing.length && recreate.length === 0;
}
