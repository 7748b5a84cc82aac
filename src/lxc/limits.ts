/** Limits of one process as the kernel of its VM takes them, and changing them while it runs. */
import { limitsText } from '../model/limits.ts';
import type { ResourceSpec } from '../model/spec.ts';
import { script, type ScriptStep, type StepResult } from '../shell/command.ts';
import { jsonLines } from './json-lines.ts';
import { LAYOUT } from './layout.ts';
import { checkedName } from './process-launch.ts';
import limitText from './scripts/limit.sh';

/** CPU time is given out in periods of this many microseconds. */
export const CPU_PERIOD = 100_000;

/** CPU time in each period, in microseconds; the kernel takes no quota below 1 ms. */
export function cpuQuota({ cpu }: Pick<ResourceSpec, 'cpu'>): number {
  return Math.max(1000, Math.round(cpu * CPU_PERIOD));
}

/** `IN OUT` in bits in a second, 0 where there is no limit, as the hook `process-shape` reads it; undefined: there is none at all. */
export function bandwidthText({ bandwidth }: Pick<ResourceSpec, 'bandwidth'>): string | undefined {
  return bandwidth && `${String(bandwidth.in ?? 0)} ${String(bandwidth.out ?? 0)}`;
}

/** A line for each place that it may connect to, its ports after it, as the hook `network-up` reads them; undefined: anywhere. */
export function egressText({ egress }: Pick<ResourceSpec, 'egress'>): string | undefined {
  return egress?.map((place) => place.replace(':', ' ')).join('\n');
}

/** A process, and what it may take from now on. */
export interface LimitRequest {
  readonly name: string;
  readonly resources: ResourceSpec;
}

/** How a change of limits ended. */
export interface LimitOutcome {
  readonly name: string;
  readonly limited: boolean;
  /** Why it has the limits that it had, in one line. */
  readonly failure?: string;
}

/**
 * Changes limits of processes as they are: those that run go on, those that sleep sleep on, and the next start has them too. One that
 * uses more memory than it may take from now on keeps what it has, and says so. For {@link parseLimit}.
 */
export function limitSteps(lineage: string, requests: readonly LimitRequest[]): readonly ScriptStep[] {
  if (requests.length === 0) return [];
  const title = requests.length === 1 ? (requests[0]?.name ?? '') : `${String(requests.length)} processes`;
  const words = requests.flatMap(({ name, resources }) => [
    checkedName(name),
    limitsText(resources),
    resources.memory,
    cpuQuota(resources),
    resources.pids,
    resources.disk ?? 0,
    resources.bandwidth?.in ?? 0,
    resources.bandwidth?.out ?? 0,
    resources.egress ? resources.egress.join(',') || 'none' : '',
  ]);
  const where = [LAYOUT.processes, LAYOUT.bin, '/sys/fs/cgroup'];
  return [script({ name: 'limit', text: limitText }, `limit ${title}`, [lineage, ...where, ...words])];
}

/** Reads the answers of {@link limitSteps}. */
export function parseLimit(results: readonly StepResult[]): readonly LimitOutcome[] {
  return jsonLines(results).flatMap(({ name, limited, failure }) =>
    typeof name === 'string' && typeof limited === 'boolean'
      ? [{ name, limited, ...(typeof failure === 'string' ? { failure } : {}) }]
      : [],
  );
}
