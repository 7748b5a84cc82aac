/** A simulation of the project: which spec or policies, under which load, for how long. */
import { isAbsolute, join } from 'node:path';
import { loadSpec } from '../inventory/load-spec.ts';
import { specWithPolicy } from '../inventory/spec-with-policy.ts';
import { didYouMean } from '../inventory/suggest.ts';
import { readTrace } from '../inventory/trace-file.ts';
import { NotFoundError, UsageError } from '../model/errors.ts';
import { formatDuration, instant, millis, type Instant, type Millis } from '../model/quantity.ts';
import type { History } from '../model/signal.ts';
import type { Spec } from '../model/spec.ts';
import { historyTraces } from '../simulate/history-traces.ts';
import type { SimulationResult } from '../simulate/result.ts';
import type { ServiceModel } from '../simulate/service.ts';
import { capacityOf, serviceModel, type ServiceSettings } from '../simulate/service-model.ts';
import { shapeTrace, type Shape } from '../simulate/shapes.ts';
import { simulate } from '../simulate/simulate.ts';
import type { Delays } from '../simulate/simulated.ts';
import { scaledTrace, type Trace } from '../simulate/workload.ts';
import type { Deps } from './deps.ts';
import { withKnownPrices } from './told-prices.ts';

export interface SimulationRequest {
  readonly load:
    | { readonly kind: 'shape'; readonly shape: Shape; readonly base?: number; readonly peak?: number }
    | { readonly kind: 'file'; readonly path: string }
    | { readonly kind: 'recorded'; readonly history: History };
  /** What a file or a record has is taken times this. Default 1. */
  readonly scale?: number;
  /** Only this subscription; undefined: all, each with the load of its own. */
  readonly alias?: string;
  /** Default: as long as the trace, 24 h for a shape. */
  readonly duration?: Millis;
  readonly step: Millis;
  readonly every: Millis;
  /** Default: that of the trace, else a Monday at midnight UTC. */
  readonly start?: Instant;
  readonly service: ServiceSettings;
  readonly delays: Delays;
  /** Two names of scaling policies, or paths of specs. Undefined: the spec as it is. */
  readonly compare?: readonly [string, string];
}

export interface SimulationOutcome {
  /** One for the spec, or one for each that was compared. */
  readonly results: readonly SimulationResult[];
  /** What was put on each subscription, by alias. */
  readonly loads: Readonly<Record<string, string>>;
  readonly services: Readonly<Record<string, ServiceModel>>;
  readonly every: Millis;
}

/** Monday, 5 January 2026, so that the same command gives the same result on any day. */
const A_MONDAY = instant(Date.UTC(2026, 0, 5));
const DAY = 86_400_000;
/** More steps than this is a mistyped unit. */
const MOST_STEPS = 1_000_000;

/**
 * Simulates; connects to nothing and changes nothing.
 * @throws NotFoundError for an alias, a policy or a spec that is not there
 * @throws UsageError for a time or a load that cannot be
 */
export async function runSimulation(deps: Deps, request: SimulationRequest): Promise<SimulationOutcome> {
  const { step, every, delays, compare } = request;
  // Before a shape is made of that length.
  if (request.duration !== undefined) checkedDuration(request.duration, step);
  const base = await withKnownPrices(deps, await deps.loadSpec());
  const aliases = aliasesOf(base, request.alias);
  const services = Object.fromEntries(
    aliases.map((alias) => [alias, serviceFor(base, alias, request.service)] as const),
  );
  const traces = await tracesOf(request, base, services);
  const duration = checkedDuration(request.duration ?? lengthOf(request, Object.values(traces)), step);
  const start = request.start ?? Object.values(traces)[0]?.start ?? A_MONDAY;
  const specs = compare
    ? await Promise.all(
        compare.map(async (name) => ({
          name,
          spec: await withKnownPrices(deps, await specNamed(deps.directory, name)),
        })),
      )
    : [{ name: 'stratos.yaml', spec: base }];
  const results = specs.map(({ name, spec }) =>
    simulate({ name, spec: onlyAliases(spec, aliases, name), start, duration, step, every, traces, services, delays }),
  );
  const loads = Object.fromEntries(Object.entries(traces).map(([alias, trace]) => [alias, trace.name]));
  return { results, loads, services, every };
}

function aliasesOf(spec: Spec, alias: string | undefined): readonly string[] {
  const all = Object.keys(spec.subscriptions);
  if (alias === undefined) {
    if (all.length > 0) return all;
    throw new UsageError('Cannot simulate as the spec has no subscriptions', { hint: 'stratos subscribe --help' });
  }
  if (all.includes(alias)) return [alias];
  throw new NotFoundError(`Cannot find the subscription: ${alias}${didYouMean(alias, all)}`, {
    hint: 'stratos status',
  });
}

function serviceFor(spec: Spec, alias: string, settings: ServiceSettings): ServiceModel {
  const subscription = spec.subscriptions[alias];
  if (!subscription) throw new NotFoundError(`Cannot find the subscription: ${alias}`);
  return serviceModel(subscription.scaling, settings);
}

/** The load of each subscription that is simulated; of those that a file or a record does not name there is none. */
async function tracesOf(
  { load, alias, duration, step, scale }: SimulationRequest,
  spec: Spec,
  services: Readonly<Record<string, ServiceModel>>,
): Promise<Readonly<Record<string, Trace>>> {
  if (load.kind === 'shape') {
    return Object.fromEntries(
      Object.entries(services).map(([name, service]) => {
        const most = Math.min(spec.subscriptions[name]?.scaling.processes.max ?? 1, MOST_PROCESSES);
        const peak = load.peak ?? (capacityOf(service) * Math.max(1, most)) / 2;
        const base = load.base ?? Math.min(peak, peak / 10);
        return [name, shapeTrace(load.shape, { base, peak, duration: duration ?? millis(DAY), step })];
      }),
    );
  }
  const read = load.kind === 'file' ? await readTrace(load.path) : historyTraces(load.history);
  const found = scale === undefined ? read : mapValues(read, (trace) => scaledTrace(trace, scale));
  const forAll = found[''];
  if (forAll) return Object.fromEntries(Object.keys(services).map((name) => [name, forAll]));
  const known = Object.keys(spec.subscriptions);
  const stranger = Object.keys(found).find((name) => !known.includes(name));
  if (stranger !== undefined && load.kind === 'file')
    throw new NotFoundError(
      `Cannot simulate as the spec has no subscription of the trace: ${stranger}${didYouMean(stranger, known)}`,
    );
  const wanted = Object.entries(found).filter(([name]) => Object.hasOwn(services, name));
  if (wanted.length === 0)
    throw new UsageError(
      load.kind === 'file'
        ? `Cannot simulate as the trace has no load for ${alias ?? 'any subscription'}`
        : `Cannot simulate as nothing was recorded of ${alias ?? 'any subscription'} yet`,
      { hint: 'stratos simulate --shape day' },
    );
  return Object.fromEntries(wanted);
}

function mapValues<T>(map: Readonly<Record<string, T>>, change: (value: T) => T): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, change(value)]));
}

/** A policy without a bound of its own is not tried at a load without bound. */
const MOST_PROCESSES = 20;

/** As long as the longest trace: its last value holds as long as the one before. */
function lengthOf({ load }: SimulationRequest, traces: readonly Trace[]): Millis {
  if (load.kind === 'shape') return millis(DAY);
  return millis(
    traces.reduce((longest, { times }) => {
      const last = times.at(-1) ?? 0;
      return Math.max(longest, last + (last - (times.at(-2) ?? last)));
    }, 0),
  );
}

function checkedDuration(duration: Millis, step: Millis): Millis {
  if (duration < step)
    throw new UsageError(
      `Cannot simulate as the time is shorter than one step: ${formatDuration(duration)} < ${formatDuration(step)}`,
      { hint: 'stratos simulate --duration 24h' },
    );
  if (duration / step > MOST_STEPS)
    throw new UsageError(
      `Cannot simulate as that is more than ${String(MOST_STEPS)} steps: ${formatDuration(duration)} in steps of ${formatDuration(step)}`,
      { hint: 'stratos simulate --step 1m' },
    );
  return duration;
}

/** A path of a spec, or the project's spec with a policy of this name. */
async function specNamed(directory: string, name: string): Promise<Spec> {
  if (!/\.ya?ml$/.test(name)) return specWithPolicy(directory, name);
  return loadSpec(directory, { file: isAbsolute(name) ? name : join(directory, name) });
}

function onlyAliases(spec: Spec, aliases: readonly string[], name: string): Spec {
  const missing = aliases.find((alias) => !Object.hasOwn(spec.subscriptions, alias));
  if (missing !== undefined) throw new NotFoundError(`Cannot compare as ${name} has no subscription ${missing}`);
  const subscriptions = aliases.flatMap((alias) => {
    const subscription = spec.subscriptions[alias];
    return subscription ? [[alias, subscription] as const] : [];
  });
  return { ...spec, subscriptions: Object.fromEntries(subscriptions) };
}
