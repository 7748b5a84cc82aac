/** What one process was measured at: the parts of its sample. Each leaves out what is not known. */
import type { ObservedProbe, ObservedProcess } from '../model/observation.ts';
import { millis } from '../model/quantity.ts';
import type { ProcessSample } from '../model/signal.ts';
import type { Spec } from '../model/spec.ts';
import type { Traffic } from './add-traffic.ts';
import { increase, isOther, type Since } from './increase.ts';

/** By the gateways. */
export function trafficSample(traffic: Traffic): ProcessSample {
  const { inFlight, queued, requestsPerSecond, errorsPerSecond, responseTime } = traffic;
  return {
    ...(inFlight === undefined ? {} : { requestsInFlight: inFlight }),
    ...(queued === undefined ? {} : { queue: queued }),
    ...(requestsPerSecond === undefined ? {} : { requestsPerSecond }),
    ...(errorsPerSecond === undefined ? {} : { errorsPerSecond }),
    ...(responseTime ? { responseTime: millis(responseTime.sum / responseTime.weight) } : {}),
  };
}

/** By its cgroup: CPU and memory as shares of the limits of its cartridge. */
export function usageSample(spec: Spec, process: ObservedProcess, { elapsed, before }: Since): ProcessSample {
  const { usage, state, sessions, disk } = process;
  const limits = spec.cartridges[spec.subscriptions[process.subscription]?.cartridge ?? '']?.resources;
  const last = before?.processes[process.name];
  const restarted = elapsed.is === 'known' && (elapsed.restarted || (last && isOther(usage?.start, last.start)));
  const used = elapsed.is === 'known' ? increase(usage?.cpuSeconds, last?.cpuSeconds, restarted === true) : undefined;
  return {
    ...(used === undefined || elapsed.is !== 'known' || !limits || !(limits.cpu > 0)
      ? {}
      : { cpu: used / elapsed.seconds / limits.cpu }),
    ...(usage && limits && limits.memory > 0 ? { memory: usage.memory / limits.memory } : {}),
    ...(usage ? { pids: usage.pids } : {}),
    ...(usage?.oomKills === undefined ? {} : { oomKills: usage.oomKills }),
    ...(state === 'running' ? { sessions: sessions ?? 0 } : {}),
    ...(disk === undefined ? {} : { disk }),
  };
}

/** What the policies' commands said in the process, or on its VM for all of its subscription. */
export function probeSample(probes: readonly ObservedProbe[], process: ObservedProcess): ProcessSample {
  const own: Record<string, number> = {};
  let busy: boolean | undefined;
  for (const probe of probes) {
    if (probe.subscription !== process.subscription) continue;
    if (probe.process !== undefined && probe.process !== process.name) continue;
    if (probe.signal !== undefined && probe.value !== undefined) own[probe.signal] = probe.value;
    if (probe.signal === undefined) busy = probe.busy;
  }
  return { ...(Object.keys(own).length > 0 ? { own } : {}), ...(busy === undefined ? {} : { busy }) };
}
