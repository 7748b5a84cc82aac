/** One subscription in a simulation: its load, its requests, and what is measured of it. */
import { instant, type Instant, type Millis } from '../model/quantity.ts';
import type { ProcessSample, SubscriptionSample } from '../model/signal.ts';
import type { SubscriptionSpec } from '../model/spec.ts';
import { newTraffic, serve, type ServiceModel, type Traffic } from './service.ts';
import type { Load } from './workload.ts';

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** Memory of a process: at rest, and what full use adds, as shares of its limit. */
const MEMORY = { rest: 0.3, work: 0.5 };

export interface Actor {
  readonly alias: string;
  readonly subscription: SubscriptionSpec;
  readonly load: Load;
  readonly service: ServiceModel;
  readonly traffic: Traffic;
  /** What every awake process shows: requests go to all of them alike. Changed in place, as there are millions. */
  readonly sample: Mutable<ProcessSample>;
  readonly history: SubscriptionSample[];
  /** Processes that answer, and that sleep. */
  ready: number;
  asleep: number;
  wanted: number;
  /** One is being woken, and takes longer than a step. */
  wakingUntil: number;
  /** Of a request that has not come in whole. */
  rest: number;
  /** Since the last measurement: steps, requests answered and refused, use of the capacity. */
  readonly since: { steps: number; answered: number; refused: number; utilization: number };
}

/** A subscription at rest. */
export function makeActor(subscription: SubscriptionSpec, load: Load, service: ServiceModel, start: Instant): Actor {
  return {
    alias: subscription.alias,
    subscription,
    load,
    service,
    traffic: newTraffic(),
    sample: {
      lastUsed: start,
      sessions: 0,
      ...(subscription.idle?.busy === undefined ? {} : { busy: false }),
    },
    history: [],
    ready: 0,
    asleep: 0,
    wanted: 0,
    wakingUntil: 0,
    rest: 0,
    since: { steps: 0, answered: 0, refused: 0, utilization: 0 },
  };
}

/** Whole requests of step `index`; what is less than one waits for the next. */
export function arrivals(actor: Actor, index: number, seconds: number): number {
  const due = actor.rest + (actor.load.requestsPerSecond[index] ?? 0) * seconds;
  const whole = Math.floor(due + 1e-9);
  actor.rest = Math.max(0, due - whole);
  return whole;
}

/** Serves a step. `woken`: how long the first requests wait for a process that sleeps. */
export function serveStep(
  actor: Actor,
  requests: number,
  end: Instant,
  seconds: number,
  woken: Millis | undefined,
): void {
  serve(actor.traffic, actor.service, {
    rate: requests / seconds,
    count: woken === undefined ? actor.ready : Math.max(1, actor.ready),
    seconds,
    delayed: woken === undefined ? 0 : Math.min(1, woken / (seconds * 1000)),
    wait: woken ?? 0,
    waking: actor.wakingUntil >= end,
  });
  const { since, traffic } = actor;
  since.steps += 1;
  since.answered += Math.max(0, traffic.arrived - traffic.refused);
  since.refused += traffic.refused;
  since.utilization += traffic.utilization;
  if (requests > 0 || traffic.backlog > 0) actor.sample.lastUsed = end;
}

/**
 * Takes the sample of a run: the shared one of processes, and the sums for history. What is counted (requests, CPU) is the mean since the
 * run before, what is a state (in flight, queue) is that of this moment. `load`: of the VMs, for each of them.
 */
export function measureActor(actor: Actor, index: number, now: Instant, seconds: number, load: number): void {
  const { traffic, sample, ready, since } = actor;
  const { given } = actor.load;
  const time = Math.max(1, since.steps) * seconds;
  const answered = since.answered / time;
  const refused = since.refused / time;
  const utilization = since.utilization / Math.max(1, since.steps);
  Object.assign(since, { steps: 0, answered: 0, refused: 0, utilization: 0 });
  if (ready === 0) return;
  sample.requestsInFlight = traffic.inFlight / ready;
  sample.queue = traffic.backlog / ready;
  sample.requestsPerSecond = answered / ready;
  sample.errorsPerSecond = refused / ready;
  sample.responseTime = traffic.responseTime as Millis;
  sample.cpu = given.cpu ? (given.cpu[index] ?? 0) / ready : utilization;
  sample.memory = given.memory ? (given.memory[index] ?? 0) / ready : MEMORY.rest + MEMORY.work * utilization;
  const sums: Record<string, number> = {
    requestsInFlight: traffic.inFlight,
    requestsPerSecond: answered,
    cpu: sample.cpu * ready,
    memory: sample.memory * ready,
    loadAverage: given.loadAverage?.[index] ?? load * ready,
    responseTime: traffic.responseTime * ready,
  };
  for (const name of Object.keys(actor.subscription.scaling.signals)) {
    const own = given[name]?.[index];
    if (own !== undefined) sums[name] = own;
  }
  remember(actor, { at: now, count: ready, sums });
}

/** History is as long as the policy looks back: twice its window. */
function remember({ history, subscription }: Actor, sample: SubscriptionSample): void {
  const { window } = subscription.scaling.tuning;
  history.push(sample);
  const oldest = instant(sample.at - 2 * window);
  let stale = 0;
  while ((history[stale]?.at ?? Number.POSITIVE_INFINITY) < oldest) stale += 1;
  if (stale > 0) history.splice(0, stale);
}
