/** When nothing must be made or removed, since something is wrong that more machines would not mend. */
import type { PolicyMemory } from '../model/memory.ts';
import type { Observation } from '../model/observation.ts';
import { formatDuration, type Instant } from '../model/quantity.ts';
import type { GuardsSpec } from '../model/policy.ts';
import { counted, showShare } from './show-number.ts';

/** Fewer unreachable VMs than this are no sign that the network is away (Cluster Autoscaler). */
const MOST_UNREACHABLE = 3;
/** How long no machine is tried after the last one failed: from, and at most (Cluster Autoscaler's back-off). */
const RETRY_AFTER = 5 * 60_000;
const RETRY_AFTER_MOST = 30 * 60_000;

/** Why the whole fleet holds still; undefined: it does not. */
export function unreachableHold(observation: Observation, { breaker }: GuardsSpec): string | undefined {
  const vms = Object.values(observation.vms);
  const away = vms.filter(({ status }) => status === 'unreachable').length;
  const share = away / Math.max(1, vms.length);
  if (away <= MOST_UNREACHABLE || share < breaker.unreachable) return undefined;
  return `${away} of ${vms.length} VMs do not answer, and from ${showShare(breaker.unreachable)} nothing is changed`;
}

export interface BootHold {
  readonly reason: string;
  /** One machine is tried again now. */
  readonly retry: boolean;
}

/**
 * Why a partition gets no machines: too many in a row did not come up. After a while, which doubles with each further failure, one is
 * tried again: without a success the breaker would never close by itself.
 */
export function bootHold(
  partition: string,
  memory: PolicyMemory,
  { breaker }: GuardsSpec,
  now: Instant,
): BootHold | undefined {
  const failures = memory.bootFailures[partition] ?? 0;
  if (failures < breaker.bootFailures) return undefined;
  const failedAt = memory.bootFailedAt?.[partition];
  const wait = Math.min(RETRY_AFTER_MOST, RETRY_AFTER * 2 ** (failures - breaker.bootFailures));
  const reason = `the last ${counted(failures, 'machine')} of ${partition} did not come up`;
  if (failedAt === undefined) return { reason, retry: false };
  const left = wait - (now - failedAt);
  if (left <= 0) return { reason: `${reason}, and one is tried again`, retry: true };
  return { reason: `${reason}, and one is tried again in ${formatDuration(left)}`, retry: false };
}
