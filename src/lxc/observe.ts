/** One look at a VM: a read-only script and the parser of what it prints. */
import { RemoteCommandError } from '../model/errors.ts';
import type { ObservedProcess, Pressure, ProcessUsage, ReachedVm } from '../model/observation.ts';
import { withoutBandwidth } from '../model/limits.ts';
import { bytes, cores } from '../model/quantity.ts';
import { script, type ScriptStep } from '../shell/command.ts';
import { LAYOUT, ROOT } from './layout.ts';
import text from './scripts/observe.sh';

/** The part of an observation that comes from here; the gateway adds its own. */
export type VmFacts = Omit<ReachedVm, 'gateway'>;

/**
 * Reads what a VM is and what runs on it, and changes nothing; with `starts` also which start of each process it is, so that its
 * counters can be made rates. Its first line carries the lineage, so that
 * {@link parseObservation} knows what is ours.
 */
export function observeStep(lineage: string, { starts }: { readonly starts: boolean } = { starts: true }): ScriptStep {
  return script({ name: 'observe', text }, 'observe', [
    lineage,
    LAYOUT.label,
    LAYOUT.processes,
    LAYOUT.images,
    ROOT,
    '/sys/fs/cgroup',
    LAYOUT.volumes,
    LAYOUT.run,
    ...(starts ? ['starts'] : []),
  ]);
}

/**
 * Reads the script's output. A folder of a process without our label is foreign, like any container elsewhere; names are told
 * without control characters.
 * @throws RemoteCommandError when the output is cut
 */
export function parseObservation(stdout: string): VmFacts {
  const lines = stdout.split('\n').map((line) => line.split('\t'));
  const all = (key: string): readonly (readonly string[])[] =>
    lines.flatMap(([first, ...rest]) => (first === key ? [rest] : []));
  const one = (key: string): readonly string[] => all(key)[0] ?? [];
  const [total, available] = one('memory');
  const [block, blocks, free] = one('disk').map(Number);
  const bootId = one('boot')[0];
  if (all('end').length === 0 || total === undefined || bootId === undefined) {
    throw new RemoteCommandError('Cannot read what the VM says of itself as the answer is cut');
  }
  const lineage = one('lineage')[0] ?? '';
  const label = parseObject(one('label')[0]);
  const seen: Seen = {
    usage: new Map(all('usage').map(([name = '', ...counters]) => [name, counters])),
    starts: new Map(all('start').map(([id = '', group = '']) => [group.slice(group.lastIndexOf('.') + 1), id])),
    sessions: all('session').map(([name = '']) => name),
    asleep: new Map(all('asleep').map(([name = '', mark = '', frozen]) => [name, { mark, frozen: frozen === '1' }])),
    unshaped: new Set(all('unshaped').map(([name = '']) => name)),
    failures: new Map(all('wake-failure').map(([name = '', why = '']) => [name, why])),
  };
  const found = all('process').map(([name = '', own]) => ({ name, process: parseProcess(name, own, lineage, seen) }));
  const volumes = all('volume').map(([alias = '']) => alias);
  const drift = all('drift').map(([what = '', how = '']) => `${what} is ${how}`);
  const privileged = all('privileged').flatMap(parseDigest);
  const [uptime, cpuSeconds] = one('counters').map(parseNumber);
  const pressure = parsePressure(one('pressure'));
  return {
    status: 'reached',
    ...(typeof label.lineage === 'string' ? { lineage: label.lineage } : {}),
    ...(typeof label.prepared === 'string' ? { prepared: label.prepared } : {}),
    ...(drift.length > 0 ? { drift } : {}),
    bootId,
    cgroup: parseCgroup(one('cgroup')[0]),
    cpus: cores(Number(one('cpus')[0])),
    memory: { total: bytes(Number(total)), available: bytes(Number(available)) },
    disk: { total: bytes((block ?? 0) * (blocks ?? 0)), available: bytes((block ?? 0) * (free ?? 0)) },
    load: Number(one('load')[0]?.split(' ')[0]),
    ...(uptime === undefined ? {} : { uptime }),
    ...(cpuSeconds === undefined ? {} : { cpuSeconds }),
    ...(pressure ? { pressure } : {}),
    processes: found.flatMap(({ process }) => (process ? [process] : [])),
    images: all('image').flatMap(parseDigest),
    ...(privileged.length > 0 ? { privilegedImages: privileged } : {}),
    ...(volumes.length > 0 ? { volumes } : {}),
    foreign: [
      ...found.flatMap(({ name, process }) => (process ? [] : [name])),
      ...all('foreign').map(([name = '']) => name),
    ],
  };
}

/** The digest of an image's folder; nothing where it is not one of ours. */
function parseDigest([hex = '']: readonly string[]): readonly string[] {
  return /^[0-9a-f]{8,64}$/.test(hex) ? [`sha256:${hex}`] : [];
}

/** What was seen of processes, by name, beside their labels. */
interface Seen {
  readonly usage: ReadonlyMap<string, readonly string[]>;
  readonly starts: ReadonlyMap<string, string>;
  readonly sessions: readonly string[];
  readonly asleep: ReadonlyMap<string, { readonly mark: string; readonly frozen: boolean }>;
  readonly failures: ReadonlyMap<string, string>;
  /** Those whose traffic nothing limits any more, or not as it was made. */
  readonly unshaped: ReadonlySet<string>;
}

/** The process of a label; undefined where it is not one of ours. */
function parseProcess(
  name: string,
  text: string | undefined,
  lineage: string,
  seen: Seen,
): ObservedProcess | undefined {
  const { subscription, ordinal, index, image, fingerprint, limits, ...label } = parseObject(text);
  if (
    label.lineage !== lineage ||
    typeof subscription !== 'string' ||
    typeof ordinal !== 'number' ||
    typeof index !== 'number' ||
    typeof image !== 'string' ||
    typeof fingerprint !== 'string'
  ) {
    return undefined;
  }
  const counters = seen.usage.get(name);
  const usage = counters && parseUsage(counters, seen.starts.get(name));
  const { mark, frozen } = seen.asleep.get(name) ?? {};
  const asleep = frozen ? 'frozen' : mark && !counters ? 'stopped' : undefined;
  const wakeFailure = seen.failures.get(name);
  const sessions = seen.sessions.filter((session) => session === name).length;
  return {
    ...{ name, subscription, ordinal, index, image, fingerprint },
    state: counters ? 'running' : 'stopped',
    // Its label says what it was given; what somebody took away it has no more, and gets again.
    ...(typeof limits === 'string' ? { limits: seen.unshaped.has(name) ? withoutBandwidth(limits) : limits } : {}),
    ...(asleep ? { asleep } : {}),
    ...(wakeFailure === undefined ? {} : { wakeFailure }),
    ...(usage ? { usage } : {}),
    ...(sessions > 0 ? { sessions } : {}),
  };
}

/** Undefined where something that every cgroup has cannot be read. */
function parseUsage(counters: readonly string[], start: string | undefined): ProcessUsage | undefined {
  const [cpuSeconds, memory, pids, oomKills] = counters.map(parseNumber);
  if (cpuSeconds === undefined || memory === undefined || pids === undefined) return undefined;
  return {
    ...{ cpuSeconds, memory: bytes(memory), pids },
    ...(oomKills === undefined ? {} : { oomKills }),
    ...(start === undefined ? {} : { start }),
  };
}

/** Undefined where the kernel tells of none. */
function parsePressure(fields: readonly string[]): Pressure | undefined {
  const [cpu, memory, io] = fields.map(parseNumber);
  if (cpu === undefined && memory === undefined && io === undefined) return undefined;
  return {
    ...(cpu === undefined ? {} : { cpu }),
    ...(memory === undefined ? {} : { memory }),
    ...(io === undefined ? {} : { io }),
  };
}

/** A number that is neither negative nor without end; undefined for anything else, the empty text too. */
function parseNumber(text: string): number | undefined {
  const value = /^\d+(\.\d+)?(e[+-]?\d+)?$/.test(text) ? Number(text) : Number.NaN;
  return Number.isFinite(value) ? value : undefined;
}

function parseCgroup(text: string | undefined): ReachedVm['cgroup'] {
  return text === 'v1' || text === 'hybrid' ? text : 'v2';
}

/** A JSON object; an empty one where the text is none. */
function parseObject(text: string | undefined): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text ?? '');
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
  } catch {
    return {};
  }
}
