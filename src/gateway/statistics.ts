/** HAProxy's `show stat` as typed rows. Columns are found by their names, so a cut table and a newer HAProxy read the same. */

/** Counters count since the worker started: each reload begins again at 0. Numbers that a row does not have are undefined. */
export interface GatewayStatistics {
  readonly kind: 'frontend' | 'backend' | 'server';
  /** Alias of the service, or one of our own sections (`hosts:80`). */
  readonly service: string;
  /** Process name of a server; the service's name otherwise. */
  readonly name: string;
  /** As HAProxy says it: `UP`, `UP 1/2`, `DOWN`, `OPEN`, `MAINT`, `DRAIN`, `no check`. */
  readonly status: string;
  /** Whether it takes requests. */
  readonly up: boolean;
  /** Sessions (with http: requests in flight) now. */
  readonly sessions?: number;
  /** Requests that wait for a free server now. */
  readonly queued?: number;
  /** Whether it speaks http, which has counters that tcp has not. */
  readonly http: boolean;
  /** Sessions per second over the last second. */
  readonly rate?: number;
  readonly totalSessions?: number;
  /** Requests seen by a frontend or backend. */
  readonly totalRequests?: number;
  readonly bytesIn?: number;
  readonly bytesOut?: number;
  readonly responses: {
    readonly informational?: number;
    readonly success?: number;
    readonly redirection?: number;
    readonly clientError?: number;
    readonly serverError?: number;
    readonly other?: number;
  };
  readonly connectErrors?: number;
  readonly responseErrors?: number;
  readonly retries?: number;
  readonly redispatches?: number;
  /** Averages over the last 1024 requests, in ms: until the response began, and in all. */
  readonly responseTime?: number;
  readonly totalTime?: number;
  /** Seconds since it was last given a request; undefined when it never was. */
  readonly lastRequest?: number;
  /** Seconds since it last went up or down. */
  readonly lastChange?: number;
}

/** Reads `show stat`'s CSV; empty where there is no header, which is how a gateway that does not answer looks. */
export function parseStatistics(csv: string): readonly GatewayStatistics[] {
  const [header = '', ...lines] = csv.split('\n');
  if (!header.startsWith('#')) return [];
  const columns = new Map(
    header
      .replace(/^#\s*/, '')
      .split(',')
      .map((name, n) => [name, n]),
  );
  return lines.filter((line) => line.trim() !== '').map((line) => rowOf(columns, splitCsv(line)));
}

function rowOf(columns: ReadonlyMap<string, number>, fields: readonly string[]): GatewayStatistics {
  const text = (column: string): string => fields[columns.get(column) ?? -1] ?? '';
  const service = text('pxname');
  const name = text('svname');
  const status = text('status');
  const kind = name === 'FRONTEND' ? 'frontend' : name === 'BACKEND' ? 'backend' : 'server';
  return {
    kind,
    service,
    name: kind === 'server' ? name : service,
    status,
    up: /^(UP|OPEN|no check)/.test(status),
    http: text('req_tot') !== '',
    ...numbers(text, {
      sessions: 'scur',
      queued: 'qcur',
      rate: 'rate',
      totalSessions: 'stot',
      totalRequests: 'req_tot',
      bytesIn: 'bin',
      bytesOut: 'bout',
      connectErrors: 'econ',
      responseErrors: 'eresp',
      retries: 'wretr',
      redispatches: 'wredis',
      responseTime: 'rtime',
      totalTime: 'ttime',
      lastChange: 'lastchg',
      lastRequest: 'lastsess',
    }),
    responses: numbers(text, {
      informational: 'hrsp_1xx',
      success: 'hrsp_2xx',
      redirection: 'hrsp_3xx',
      clientError: 'hrsp_4xx',
      serverError: 'hrsp_5xx',
      other: 'hrsp_other',
    }),
  };
}

/** The fields that are there and are numbers, under our names. */
function numbers<K extends string>(
  text: (column: string) => string,
  names: Readonly<Record<K, string>>,
): Partial<Record<K, number>> {
  const result: Partial<Record<K, number>> = {};
  for (const key of Object.keys(names) as K[]) {
    const value = text(names[key]);
    // HAProxy says -1 for never.
    if (/^\d{1,15}$/.test(value)) result[key] = Number(value);
  }
  return result;
}

/** One line; free text is in quotes, with quotes in it doubled. */
function splitCsv(line: string): readonly string[] {
  if (!line.includes('"')) return line.split(',');
  const fields: string[] = [];
  for (const match of line.matchAll(/(?:"((?:[^"]|"")*)"|([^,]*))(?:,|$)/g)) {
    fields.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '');
  }
  return fields;
}
