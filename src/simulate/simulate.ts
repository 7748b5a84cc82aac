/** The policy at work over a load, in virtual time: the same `decide` that reconcile uses, on a model of the world. */
import { leastVms } from '../model/least-vms.ts';
import type { Decisions } from '../model/decision.ts';
import { NO_MEMORY, type PolicyMemory } from '../model/memory.ts';
import { instant, type Instant, type Millis } from '../model/quantity.ts';
import type { Measurement, ProcessSample, SubscriptionSample } from '../model/signal.ts';
import { SIGNALS } from '../model/signal.ts';
import { NO_BOUND } from '../model/bounds.ts';
import { type Spec } from '../model/spec.ts';
import { decide } from '../policy/decide.ts';
import { arrivals, makeActor, measureActor, serveStep, type Actor } from './actor.ts';
import { applyDecisions } from './apply-decisions.ts';
import { makeFleet, type Fleet } from './fleet.ts';
import { MachineTally } from './machine-tally.ts';
import type { SimulationResult } from './result.ts';
import type { ServiceModel } from './service.ts';
import { serviceModel } from './service-model.ts';
import type { Delays } from './simulated.ts';
import { sumTotals, Tally } from './tally.ts';
import { averageLoads, meanLoad, vmSamples } from './vm-load.ts';
import { loadOf, type Load, type Trace } from './workload.ts';

export interface SimulateInput {
  readonly name: string;
  readonly spec: Spec;
  readonly start: Instant;
  readonly duration: Millis;
  /** Virtual time goes by in steps of this. */
  readonly step: Millis;
  /** Time between two runs of policy; a run lasts as long as what it does, and the next begins after it. */
  readonly every: Millis;
  /** Load by alias; a subscription without one has none. */
  readonly traces: Readonly<Record<string, Trace>>;
  /** What one process can do, by alias. */
  readonly services: Readonly<Record<string, ServiceModel>>;
  readonly delays: Delays;
}

/** Most points of a curve, and most subscriptions that have curves of their own. */
const POINTS = 720;
const CURVES = 12;

/** Runs the whole time. The same input gives the same result. */
export function simulate(input: SimulateInput): SimulationResult {
  const { spec, start, step, every, delays } = input;
  const steps = Math.max(1, Math.floor(input.duration / step));
  const seconds = step / 1000;
  const aliases = Object.keys(spec.subscriptions);
  const fleet = makeFleet(spec);
  const actors = actorsOf(input, steps);
  const byAlias = new Map(actors.map((actor) => [actor.alias, actor]));
  const tallies = new Map(
    aliases.map((alias) => [alias, new Tally(step, steps, aliases.length <= CURVES ? POINTS : 0)]),
  );
  const together = new Tally(step, steps, POINTS);
  const machines = new MachineTally(step, steps, POINTS);
  const samples: Record<string, ProcessSample> = {};
  const histories: Readonly<Record<string, readonly SubscriptionSample[]>> = Object.fromEntries(
    actors.map(({ alias, history }) => [alias, history]),
  );
  const loadAverages = new Map<string, number>();
  const needsLoad = actors.some(({ subscription }) => 'loadAverage' in subscription.scaling.target);
  const alarms = new Map<string, Instant>();
  let memory: PolicyMemory = NO_MEMORY;
  let refused: Record<string, number> = {};
  let nextRun = start + every;
  let runs = 0;

  begin(spec, fleet, start);
  for (const actor of actors) actor.wanted = fleet.processesOf(actor.alias).length;
  machines.made = countVms(fleet);

  for (let index = 0; index < steps; index += 1) {
    const now = instant(start + index * step);
    const end = instant(now + step);
    for (const process of fleet.settle(now)) {
      const actor = byAlias.get(process.alias);
      if (!actor) continue;
      actor.ready += 1;
      samples[process.name] = actor.sample;
    }
    const sum = { requests: 0, slow: 0, refused: 0, ready: 0, awake: 0, asleep: 0, wanted: 0, responseTime: 0 };
    for (const actor of actors) {
      const requests = arrivals(actor, index, seconds);
      const woken = requests > 0 && actor.ready === 0 ? wakeOne(actor, fleet, now, step, delays) : undefined;
      if (woken !== undefined) tallies.get(actor.alias)?.woke();
      serveStep(actor, requests, end, seconds, woken !== undefined && woken < step ? woken : undefined);
      const { traffic } = actor;
      if (traffic.refused > 0) refused[actor.alias] = (refused[actor.alias] ?? 0) + traffic.refused;
      const facts = {
        requests: traffic.arrived,
        slow: traffic.slow,
        refused: traffic.refused,
        ready: actor.ready,
        awake: fleet.processesOf(actor.alias).length - actor.asleep,
        asleep: actor.asleep,
        wanted: actor.wanted,
        responseTime: traffic.responseTime,
      };
      tallies.get(actor.alias)?.add(index, facts);
      sum.requests += facts.requests;
      sum.slow += facts.slow;
      sum.refused += facts.refused;
      sum.ready += facts.ready;
      sum.awake += facts.awake;
      sum.asleep += facts.asleep;
      sum.wanted += facts.wanted;
      sum.responseTime += facts.responseTime * facts.requests;
    }
    if (sum.requests > 0) sum.responseTime /= sum.requests;
    together.add(index, sum);
    machines.add(index, fleet);

    if (end < nextRun) continue;
    runs += 1;
    if (needsLoad) averageLoads(fleet, byAlias, loadAverages, every);
    for (const actor of actors)
      measureActor(actor, index, end, seconds, needsLoad ? meanLoad(fleet, actor.alias, loadAverages) : 0);
    const measurement: Measurement = {
      at: end,
      processes: samples,
      vms: vmSamples(fleet, end, loadAverages),
      problems: {},
      refused,
    };
    refused = {};
    const decisions: Decisions = decide({
      spec,
      inventory: fleet.inventory(),
      observation: fleet.observation(end),
      measurement,
      history: histories,
      memory,
      now: end,
      quiet: true,
    });
    memory = decisions.memory;
    for (const alarm of decisions.alarms) if (!alarms.has(alarm)) alarms.set(alarm, end);
    const applied = applyDecisions({ spec, fleet, decisions, delays, now: end, actors: byAlias, samples, tallies });
    machines.made += applied.made;
    machines.removed += applied.removed;
    nextRun = Math.max(end + every, applied.until);
  }

  const totals = Object.fromEntries([...tallies].map(([alias, tally]) => [alias, tally.totals()]));
  const series = Object.fromEntries(
    [['', together] as const, ...tallies].flatMap(([alias, tally]) => {
      const curves = tally.series(start);
      return curves ? [[alias, curves] as const] : [];
    }),
  );
  return {
    name: input.name,
    start,
    duration: (steps * step) as Millis,
    step,
    runs,
    subscriptions: totals,
    all: sumTotals(Object.values(totals), together.totals()),
    vms: machines.totals(),
    alarms: [...alarms].map(([text, at]) => ({ at, text })),
    notes: notesOf(spec, input.traces),
    series,
    vmSeries: machines.curve,
  };
}

/** Load of one trace is worked out once for all that have it. */
function actorsOf({ spec, traces, services, step, start }: SimulateInput, steps: number): readonly Actor[] {
  const loads = new Map<Trace, Load>();
  return Object.values(spec.subscriptions).map((subscription) => {
    const service = services[subscription.alias] ?? serviceModel(subscription.scaling);
    const trace = traces[subscription.alias] ?? NO_LOAD;
    const load = loads.get(trace) ?? loadOf(trace, step, steps, service.serviceTime);
    loads.set(trace, load);
    return makeActor(subscription, load, service, start);
  });
}

const NO_LOAD: Trace = { name: 'no load', times: [0], columns: { requestsPerSecond: [0] } };

/** The world before the first step: every minimum is there and ready. */
function begin(spec: Spec, fleet: Fleet, start: Instant): void {
  const none = { boot: 0, start: 0, thaw: 0, wake: 0 } as Delays;
  for (const [name, partition] of Object.entries(spec.partitions)) {
    const { max } = partition.policy.vms;
    for (let count = leastVms(partition); count > 0; count -= 1) fleet.addVm(name, start, max, none.boot);
  }
  for (const { alias, cartridge, scaling } of Object.values(spec.subscriptions)) {
    const partition = spec.partitions[spec.cartridges[cartridge]?.partition ?? ''];
    for (let count = 0; count < scaling.processes.min; count += 1)
      fleet.add(alias, start, partition?.policy.vms.max ?? NO_BOUND, none);
  }
}

/** Wakes a sleeper for a request that nobody else can take; how long that lasts. Undefined: there is none to wake. */
function wakeOne(actor: Actor, fleet: Fleet, now: Instant, step: Millis, delays: Delays): Millis | undefined {
  if (actor.asleep === 0 || actor.subscription.idle?.wake !== 'on-request' || actor.wakingUntil > now) return undefined;
  const sleepers = fleet.processesOf(actor.alias).filter(({ asleep }) => asleep !== undefined);
  const sleeper = sleepers.find(({ asleep }) => asleep === 'frozen') ?? sleepers[0];
  if (!sleeper) return undefined;
  const delay = sleeper.asleep === 'frozen' ? delays.thaw : delays.wake;
  const readyAt = instant(now + delay);
  fleet.set(sleeper, undefined, readyAt);
  actor.asleep -= 1;
  // It answers from the next step on; within this one when it is quick.
  actor.wakingUntil = delay < step ? now : readyAt + step;
  return delay;
}

function countVms(fleet: Fleet): number {
  let count = 0;
  for (const pool of fleet.vms.values()) count += pool.size;
  return count;
}

/** Signals that a policy wants and no trace has: policy then holds the count, here as in the world. */
function notesOf(spec: Spec, traces: Readonly<Record<string, Trace>>): readonly string[] {
  const missing = new Map<string, string[]>();
  for (const { alias, scaling } of Object.values(spec.subscriptions))
    for (const signal of Object.keys(scaling.target))
      if (!(SIGNALS as readonly string[]).includes(signal) && !(signal in (traces[alias]?.columns ?? {})))
        missing.set(signal, [...(missing.get(signal) ?? []), alias]);
  return [...missing].map(
    ([signal, aliases]) =>
      `the trace has no column ${signal}, so that policy has no data of it for ${aliases.join(', ')}`,
  );
}
