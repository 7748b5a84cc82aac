/** From the rows of a gateway's statistics to the traffic of processes and subscriptions. */
import type { GatewayTraffic, ServerTraffic, ServiceTraffic } from '../model/observation.ts';
import { millis } from '../model/quantity.ts';
import type { GatewayStatistics } from './statistics.ts';

/** Behind a process's name: the server of a sleeper that wakes it. */
const WAKE_DOOR = ':wake';

/** Whether a row is the wake door of a process, and not the process itself. */
export function isWakeDoor(row: GatewayStatistics): boolean {
  return row.kind === 'server' && row.name.endsWith(WAKE_DOOR);
}

/**
 * What a gateway counted, by process and by alias. Tried on HAProxy 2.6: a connection that fails counts (`econ`) at the backend,
 * and also at the server where there was one to try; so what the backend has more than its servers came while none was up. A
 * request that a wake door could not hand on could be taken by nobody either. `leaving` are sessions that workers still hold which a
 * reload replaced, by server: a web socket is in flight for as long as it is open, whichever worker has it.
 */
export function trafficOf(
  rows: readonly GatewayStatistics[],
  leaving: ReadonlyMap<string, number> = new Map(),
): Pick<GatewayTraffic, 'servers' | 'services'> {
  const servers: Record<string, ServerTraffic> = {};
  const services: Record<string, ServiceTraffic> = {};
  for (const [alias, own] of Map.groupBy(rows, (row) => row.service)) {
    const backend = own.find(({ kind }) => kind === 'backend');
    const doors = own.filter(isWakeDoor);
    const processes = own.filter((row) => row.kind === 'server' && !isWakeDoor(row));
    for (const row of processes) servers[row.name] = serverTraffic(row);
    for (const door of doors) {
      const name = door.name.slice(0, -WAKE_DOOR.length);
      // How long a wake takes is no response time of the process.
      const { responseTime: _, ...through } = serverTraffic(door);
      servers[name] = together(servers[name] ?? {}, through);
    }
    if (backend) services[alias] = serviceTraffic(backend, processes);
  }
  for (const [server, sessions] of leaving) {
    const name = server.endsWith(WAKE_DOOR) ? server.slice(0, -WAKE_DOOR.length) : server;
    servers[name] = together(servers[name] ?? {}, { sessions });
  }
  return { servers, services };
}

function serverTraffic(row: GatewayStatistics): ServerTraffic {
  const requests = requestsOf(row);
  const errors = sum(row.connectErrors, row.responseErrors, row.responses.serverError);
  return {
    ...(row.sessions === undefined ? {} : { sessions: row.sessions }),
    ...(row.queued === undefined ? {} : { queued: row.queued }),
    ...(row.rate === undefined ? {} : { rate: row.rate }),
    ...(requests === undefined ? {} : { requests }),
    ...(errors === undefined ? {} : { errors }),
    // With tcp, and before the first answer, HAProxy says 0 for what it does not know.
    ...(row.http && requests && row.responseTime !== undefined ? { responseTime: millis(row.responseTime) } : {}),
    ...(row.lastRequest === undefined ? {} : { idle: millis(row.lastRequest * 1000) }),
  };
}

/** A session is counted again with each retry; a request of http is not. */
function requestsOf(row: GatewayStatistics): number | undefined {
  if (row.http) return row.totalRequests;
  return row.totalSessions === undefined ? undefined : Math.max(0, row.totalSessions - (row.retries ?? 0));
}

function serviceTraffic(backend: GatewayStatistics, processes: readonly GatewayStatistics[]): ServiceTraffic {
  const { queued, connectErrors } = backend;
  const tried = sum(0, ...processes.map((row) => row.connectErrors)) ?? 0;
  return {
    ...(queued === undefined ? {} : { queued }),
    ...(connectErrors === undefined ? {} : { refused: Math.max(0, connectErrors - tried) }),
  };
}

/** A process and its wake door as one. */
function together(a: ServerTraffic, b: ServerTraffic): ServerTraffic {
  const idle = a.idle !== undefined && b.idle !== undefined ? millis(Math.min(a.idle, b.idle)) : (a.idle ?? b.idle);
  const sums = { sessions: 0, queued: 0, rate: 0, requests: 0, errors: 0 };
  const added = Object.keys(sums).flatMap((key) => {
    const total = sum(a[key as keyof typeof sums], b[key as keyof typeof sums]);
    return total === undefined ? [] : [[key, total] as const];
  });
  return { ...a, ...Object.fromEntries(added), ...(idle === undefined ? {} : { idle }) };
}

/** Of those that are known; undefined when none is. */
function sum(...values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : known.reduce((total, value) => total + value, 0);
}
