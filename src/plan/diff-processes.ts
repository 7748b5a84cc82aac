/** One subscription: what exists against what should, as work for the waves of the plan. */
import { millis } from '../model/quantity.ts';
import type { Member } from './member.ts';
import type { PartitionView } from './partition-view.ts';
import { keepReason } from './release.ts';
import { addTo } from './slot.ts';
import { runs, sortMembers, WAS_LEAVING, type SortedMembers } from './sort-members.ts';
import { targetOf, type Target } from './target.ts';
import { tokens } from './tokens.ts';
import { chooseVictims } from './victims.ts';
import { isReady, type Departure, type Order, type Repair, type Work } from './work.ts';

/** How long a process may finish its requests when its subscription is no longer there to say. */
const DEFAULT_DRAIN = millis(10_000);

/** Compares one subscription with its processes here; undefined when they must stay as they are. */
export function diffProcesses(view: PartitionView, alias: string, members: readonly Member[]): Work | undefined {
  const target = targetOf(view, alias, members.filter((member) => member.state !== undefined).length);
  if (!target) return undefined;
  const sorted = sortMembers(view, target, members);
  const changing = letThrough(target, sorted);
  const { adopted, refused } = takeUpStrays(target, sorted, changing.length);
  const counted = sorted.staying.length + sorted.stuck.length;
  const takenUp = new Set(adopted.map((repair) => repair.member));
  const adoptions = takenUp.size;
  const unrecorded = [...takenUp].filter((member) => member.state === undefined).length;

  const excess = counted + adoptions - target.desired;
  const old = new Map(sorted.old.map((departure) => [departure.member, departure]));
  const chosen = chooseVictims(view, target.subscription, sorted.staying, old, excess);
  const share = disruptionOf(view, sorted.staying);
  const victims = new Set(withinAllowance(view, target, chosen, counted, share, old));
  const taken = [...victims].filter(isReady).length;
  const tooMany = [...victims].map((member) => ({
    member,
    reason: target.subscription ? `${counted} exist and ${target.desired} are wanted: ${target.why}` : target.why,
    inPlace: false,
    replaced: false,
  }));
  const replaced = letThrough(target, sorted, victims);
  const going = [...tooMany, ...replaced];
  noteNeighbours(alias, [...sorted.leaving, ...refused, ...going], [...sorted.staying, ...sorted.stuck], adopted);

  const kept = counted + adoptions - victims.size - replaced.length;
  const inPlace = replaced.filter((departure) => departure.inPlace).length;
  const { launch, subscription, desired } = target;
  if (!launch && subscription) {
    const more = counted < desired ? 'no more can be created' : 'none can be replaced';
    view.miss(alias, `${counted} of ${desired} exist and ${more}: ${target.obstacle}`);
  }
  const { gate, surge } = target;
  if (gate?.waits !== undefined) view.hold(alias, gate.waits);
  const outgoing = going.filter(({ member }) => isReady(member));
  return {
    alias,
    desired,
    launch,
    fallback: target.fallback,
    fresh: freshLeft(target, sorted, adopted),
    waits: gate?.counted !== undefined,
    held: gate?.waits,
    drain: subscription?.rollout.drain ?? DEFAULT_DRAIN,
    snapshot: subscription?.rollout.snapshot ?? false,
    stuck: sorted.stuck.length,
    repairs: [...adopted, ...sorted.repairs.filter(({ member }) => !victims.has(member))],
    leaving: [
      ...[...sorted.leaving, ...refused].filter((departure) => canLeave(view, departure)),
      ...going.filter(({ member }) => !isReady(member)),
    ],
    cramped: sorted.cramped,
    outgoing,
    next: 0,
    unpaired: outgoing.filter((departure) => departure.replaced && !departure.inPlace).length,
    recreate: [],
    settled: sorted.staying.filter((member) => !victims.has(member) && !old.has(member)),
    share,
    allowance: Math.max(0, share - taken),
    movable: isMovable(target) && view.needs.unmet(alias).length === 0,
    needed: launch ? Math.max(0, desired - kept - inPlace) : 0,
    reserved: [],
    reason: createReason(target, counted, replaced),
    ...readyPermits(target, sorted),
    room: tokens(desired + surge - recordedOf(sorted) - unrecorded),
    blocked: undefined,
    waited: 0,
    createdOn: new Map(),
    surges: surge > 0,
    order: orderOf(view, target),
  };
}

/** One that leaves for another partition goes when it is ready there, whoever needs it. */
function orderOf({ needs, waiting, input }: PartitionView, { alias, subscription, desired }: Target): Order {
  const endsForGood = desired === 0 && (subscription !== undefined || input.spec.subscriptions[alias] === undefined);
  return {
    waits: subscription ? waiting.get(alias) : undefined,
    after: subscription ? needs.unmet(alias) : [],
    level: subscription ? needs.level(alias) : 0,
    before: endsForGood ? needs.before(alias) : [],
    endLevel: endsForGood ? needs.endLevel(alias) : 0,
    ...{ repaired: false, opened: false, made: 0, proven: 0, over: false },
  };
}

/** What is to be replaced now, in the order in which it is: of what is only of another revision, no more than the rollout lets through. */
function letThrough(
  target: Target,
  sorted: SortedMembers,
  except: ReadonlySet<Member> = new Set(),
): readonly Departure[] {
  const all = sorted.old.filter(({ member }) => !except.has(member)).sort(byUrgency);
  const { gate } = target;
  if (gate?.upTo === undefined) return all;
  let left = Math.max(0, gate.upTo - gate.surplus - freshOf(target, sorted));
  return all.filter(({ changed }) => changed === undefined || left-- > 0);
}

/** How many are of the wanted revision already. */
function freshOf({ launch }: Target, { staying, stuck }: SortedMembers): number {
  return [...staying, ...stuck].filter(({ fingerprint }) => fingerprint === launch?.fingerprint).length;
}

/** How many more of the wanted revision may be created. */
function freshLeft(target: Target, sorted: SortedMembers, adopted: readonly Repair[]): number {
  const { gate, launch } = target;
  if (gate?.upTo === undefined) return Number.MAX_SAFE_INTEGER;
  const taken = adopted.filter(({ how, member }) => how === 'adopt' && member.fingerprint === launch?.fingerprint);
  return Math.max(0, gate.upTo - freshOf(target, sorted) - taken.length);
}

/** Without a record one that is a VM is its machine alone: it leaves where that can go with it, and stays where it must stay. */
function canLeave(view: PartitionView, { member, reason }: Departure): boolean {
  const { name, slot, state } = member;
  if (state !== undefined || !slot.seen?.guest) return true;
  const why = view.only === undefined ? (view.noVms ?? keepReason(view, slot)) : 'only a part is being reconciled';
  if (why !== undefined) view.hold(name, `${reason}, and stays: ${why}`);
  return why === undefined;
}

/** How many ready processes of a subscription policy may take down in one plan. */
function disruptionOf({ input }: PartitionView, staying: readonly Member[]): number {
  return Math.max(1, Math.floor(input.spec.guards.disruption * staying.filter(isReady).length + 1e-9));
}

/**
 * Those of the victims that may go now. What policy judged by load goes a share at a time; what the bounds or the spec say, what was
 * replaced, and what does not serve, goes at once.
 */
function withinAllowance(
  view: PartitionView,
  { alias, subscription, desired }: Target,
  victims: readonly Member[],
  counted: number,
  allowance: number,
  old: ReadonlyMap<Member, Departure>,
): readonly Member[] {
  if (!subscription || Object.keys(subscription.scaling.target).length === 0) return victims;
  if (view.input.decisions.processes[alias]?.ends) return victims;
  let left = Math.max(allowance, counted - subscription.scaling.processes.max);
  const now = victims.filter((member) => !isReady(member) || old.has(member) || left-- > 0);
  if (now.length < victims.length) {
    const later = victims.length - now.length;
    view.hold(alias, `${later} of ${counted - desired} too many stay for now: ${atATime(allowance)}`);
  }
  return now;
}

/** Why no more of them may move or go in one plan. */
export function atATime(allowance: number): string {
  return `policy takes down ${allowance} at a time, by guards.disruption`;
}

/** What has volumes is tied to its VM; where nobody may be missing and nobody too many, nothing moves but by hand. */
function isMovable({ launch, subscription, cartridge, gate, surge, unavailable }: Target): boolean {
  if (!launch || !subscription || gate?.upTo !== undefined || (cartridge?.volumes.length ?? 0) > 0) return false;
  return surge + unavailable > 0;
}

/** Records of the subscription, those on their way out included. */
function recordedOf({ staying, stuck, leaving, strays }: SortedMembers): number {
  const others = [...leaving.map(({ member }) => member), ...strays];
  return staying.length + stuck.length + others.filter((member) => member.state !== undefined).length;
}

/** Containers of ours that were leaving or have no record: as many as are needed are taken up, the others removed. */
function takeUpStrays(target: Target, sorted: SortedMembers, leaving: number) {
  const adopted: Repair[] = [];
  const refused: Departure[] = [];
  const { surge } = target;
  let current = sorted.staying.length + sorted.stuck.length - leaving;
  let total = recordedOf(sorted);
  // A record is there already of what was leaving: it adds none to the total.
  for (const member of sorted.strays.toSorted((a, b) => Number(!a.state) - Number(!b.state))) {
    const added = member.state === undefined ? 1 : 0;
    if (current >= target.desired || (added === 1 && total >= target.desired + surge)) {
      const reason = added === 0 ? WAS_LEAVING : 'it is not in the inventory and not needed';
      refused.push({ member, reason, inPlace: false, replaced: false });
      continue;
    }
    current += 1;
    total += added;
    const reason = added === 0 ? `${WAS_LEAVING}, and is needed` : 'it is as it should be and not in the inventory';
    const running = runs(member);
    adopted.push({ member, how: 'adopt', reason, servesAlready: !running });
    if (!running) adopted.push({ member, how: 'start', reason: 'its container is stopped', servesAlready: false });
  }
  return { adopted, refused };
}

/** What has to leave its VM goes first; then by ordinal. */
function byUrgency(a: Departure, b: Departure): number {
  return (
    Number(b.member.slot.draining !== undefined) - Number(a.member.slot.draining !== undefined) ||
    a.member.ordinal - b.member.ordinal ||
    (a.member.name < b.member.name ? -1 : 1)
  );
}

/** Tells the slots who stays and who goes, for subscriptions whose processes must be apart. */
function noteNeighbours(
  alias: string,
  going: readonly Departure[],
  recorded: readonly Member[],
  adopted: readonly Repair[],
): void {
  const leaving = new Set(going.filter((departure) => !departure.inPlace).map(({ member }) => member));
  for (const { slot } of leaving) addTo(slot.departing, alias, 1);
  for (const member of new Set([...recorded, ...adopted.map((repair) => repair.member)])) {
    if (!leaving.has(member)) addTo(member.slot.staying, alias, 1);
  }
}

function createReason(target: Target, counted: number, replaced: readonly Departure[]): string {
  const { desired, why } = target;
  const [first] = replaced;
  return first && counted >= desired
    ? `takes the place of one of ${replaced.length}: ${first.reason}`
    : `${counted} of ${desired} exist: ${why}`;
}

/** How many ready processes may go, to begin with. What cannot be seen is not counted as ready, but neither is it waited for. */
function readyPermits({ subscription, serving, unavailable, launch, gate }: Target, { staying, stuck }: SortedMembers) {
  if (!subscription) return { ready: tokens(staying.length), mayBorrow: false };
  const counts = (member: Member): boolean =>
    isReady(member) &&
    (gate?.counted === undefined || member.fingerprint !== launch?.fingerprint || gate.counted.includes(member.name));
  const slack = staying.filter(counts).length - Math.max(0, serving - unavailable);
  return {
    ready: tokens(slack >= 0 ? slack : Math.min(0, slack + stuck.length)),
    mayBorrow: unavailable === 0 && stuck.length === 0,
  };
}
