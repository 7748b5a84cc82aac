/** One look at a VM: a read-only script and the parser of what it prints. */
import { RemoteCommandError } from '../model/errors.ts';
import type { ObservedProcess, ProcessUsage, ReachedVm } from '../model/observation.ts';
import { bytes, cores } from '../model/quantity.ts';
import { script, type ScriptStep } from '../shell/command.ts';
import { LAYOUT, ROOT } from './layout.ts';
import text from './scripts/observe.sh';

/** The part of an observation that comes from here; the gateway adds its own. */
export type VmFacts = Omit<ReachedVm, 'gateway'>;

/**
 * Reads what a VM is and what runs on it, and changes nothing. Its first line carries the lineage, so that
 * {@link parseObservation} knows what is ours.
 */
export function observeStep(lineage: string): ScriptStep {
  return script({ name: 'observe', text }, 'observe', [
    lineage,
    LAYOUT.label,
    LAYOUT.processes,
    LAYOUT.images,
    ROOT,
    '/sys/fs/cgroup',
    LAYOUT.volumes,
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
  const usage = new Map(all('usage').map(([name = '', ...counters]) => [name, parseUsage(counters)]));
  const found = all('process').map(([name = '', own]) => ({ name, process: parseProcess(name, own, lineage, usage) }));
  const volumes = all('volume').map(([alias = '']) => alias);
  const privileged = all('privileged').flatMap(parseDigest);
  return {
    status: 'reached',
    ...(typeof label.lineage === 'string' ? { lineage: label.lineage } : {}),
    ...(typeof label.prepared === 'string' ? { prepared: label.prepared } : {}),
    bootId,
    cgroup: parseCgroup(one('cgroup')[0]),
    cpus: cores(Number(one('cpus')[0])),
    memory: { total: bytes(Number(total)), available: bytes(Number(available)) },
    disk: { total: bytes((block ?? 0) * (blocks ?? 0)), available: bytes((block ?? 0) * (free ?? 0)) },
    load: Number(one('load')[0]?.split(' ')[0]),
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

/** The process of a label; undefined where it is not one of ours. */
function parseProcess(
  name: string,
  text: string | undefined,
  lineage: string,
  usages: ReadonlyMap<string, ProcessUsage>,
): ObservedProcess | undefined {
  const { subscription, ordinal, index, image, fingerprint, ...label } = parseObject(text);
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
  const usage = usages.get(name);
  const facts = { name, subscription, ordinal, index, image, fingerprint };
  return usage ? { ...facts, state: 'running', usage } : { ...facts, state: 'stopped' };
}

function parseUsage([cpuSeconds, memory, pids]: readonly string[]): ProcessUsage {
  return { cpuSeconds: Number(cpuSeconds), memory: bytes(Number(memory)), pids: Number(pids) };
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
