/** What all gateways together say of processes and subscriptions. */
import type { Counters, GatewayCounters, VmCounters } from '../model/counters.ts';
import type { GatewayTraffic, ReachedVm, ServerTraffic } from '../model/observation.ts';
import { instant, type Instant } from '../model/quantity.ts';
import { increase, isOther, type Elapsed } from './increase.ts';

/** Sums over gateways. What no gateway told is absent. */
export interface Traffic {
  inFlight?: number;
  queued?: number;
  requestsPerSecond?: number;
  errorsPerSecond?: number;
  /** Response times, each times its weight, and the weights. */
  responseTime?: { sum: number; weight: number };
  /** By the gateway that saw it last. */
  lastUsed?: Instant;
}

export interface AllTraffic {
  /** By process name. */
  readonly processes: Map<string, Traffic>;
  /** By alias: requests that wait for whichever process is free first. */
  readonly queued: Map<string, number>;
  /** By alias: requests that nobody could take since the look before. */
  readonly refused: Map<string, number>;
}

/** Adds what the gateway of one VM counted. */
export function addTraffic(
  all: AllTraffic,
  vm: ReachedVm,
  before: VmCounters | undefined,
  elapsed: Elapsed,
  at: Instant,
): void {
  const { traffic } = vm.gateway;
  if (!traffic) return;
  const seconds = elapsed.is === 'known' ? elapsed.seconds : undefined;
  const restarted = elapsed.is === 'known' && (elapsed.restarted || isOther(traffic.worker, before?.gateway?.worker));
  // A worker from before the first look at its VM has counted nobody knows since when.
  const known = seconds !== undefined && before?.gateway ? before.gateway : undefined;
  for (const [name, server] of Object.entries(traffic.servers)) {
    const sums = all.processes.get(name) ?? {};
    all.processes.set(name, sums);
    addServer(sums, server, known?.servers[name], { seconds: known && seconds, restarted, at });
  }
  for (const [alias, service] of Object.entries(traffic.services)) {
    if (service.queued) add(all.queued, alias, service.queued);
    const refused = known && increase(service.refused, known.refused[alias], restarted);
    if (refused) add(all.refused, alias, refused);
  }
}

interface Since {
  readonly seconds: number | undefined;
  readonly restarted: boolean;
  readonly at: Instant;
}

function addServer(
  sums: Traffic,
  server: ServerTraffic,
  before: GatewayCounters['servers'][string] | undefined,
  { seconds, restarted, at }: Since,
): void {
  const { sessions, queued, rate, responseTime, idle } = server;
  if (sessions !== undefined) sums.inFlight = (sums.inFlight ?? 0) + sessions + (queued ?? 0);
  if (queued !== undefined) sums.queued = (sums.queued ?? 0) + queued;
  const requests = seconds === undefined ? undefined : increase(server.requests, before?.requests, restarted);
  const errors = seconds === undefined ? undefined : increase(server.errors, before?.errors, restarted);
  // At the first look HAProxy's own rate, of the last second, is all there is.
  const perSecond = requests === undefined || seconds === undefined ? rate : requests / seconds;
  if (perSecond !== undefined) sums.requestsPerSecond = (sums.requestsPerSecond ?? 0) + perSecond;
  if (errors !== undefined && seconds !== undefined)
    sums.errorsPerSecond = (sums.errorsPerSecond ?? 0) + errors / seconds;
  if (responseTime !== undefined) {
    // A gateway without requests just now has its mean from before; it counts where no other has one.
    const weight = Math.max(perSecond ?? 0, 1e-9);
    const { sum, weight: weights } = sums.responseTime ?? { sum: 0, weight: 0 };
    sums.responseTime = { sum: sum + responseTime * weight, weight: weights + weight };
  }
  const used = sessions || queued ? at : idle === undefined ? undefined : at - idle;
  if (used !== undefined) sums.lastUsed = instant(Math.max(used, sums.lastUsed ?? used));
}

/** What the next look is compared with. */
export function gatewayCounters(traffic: GatewayTraffic): GatewayCounters {
  return {
    ...(traffic.worker === undefined ? {} : { worker: traffic.worker }),
    servers: Object.fromEntries(
      Object.entries(traffic.servers).map(([name, { requests, errors }]) => [
        name,
        { ...(requests === undefined ? {} : { requests }), ...(errors === undefined ? {} : { errors }) },
      ]),
    ),
    refused: Object.fromEntries(
      Object.entries(traffic.services).flatMap(([alias, { refused }]) =>
        refused === undefined ? [] : [[alias, refused]],
      ),
    ),
  };
}

/** The later of when gateways say a process was used and when they said so before, but not in the future. */
export function lastUsedOf(
  name: string,
  traffic: Traffic | undefined,
  before: Counters,
  at: Instant,
): Instant | undefined {
  const times = [traffic?.lastUsed, before.lastUsed[name]].filter((time) => time !== undefined);
  return times.length === 0 ? undefined : instant(Math.min(at, Math.max(...times)));
}

function add(to: Map<string, number>, key: string, value: number): void {
  to.set(key, (to.get(key) ?? 0) + value);
}
