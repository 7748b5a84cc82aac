/** What one VM was measured at. */
import type { ReachedVm } from '../model/observation.ts';
import type { VmSample } from '../model/signal.ts';
import { increase, type Since } from './increase.ts';

/** Nothing where a number that every VM has cannot be read. */
export function vmSample(vm: ReachedVm, { elapsed, before }: Since): VmSample | undefined {
  const { load, cpus, pressure } = vm;
  const memory = takenOf(vm.memory);
  const disk = takenOf(vm.disk);
  if (!(load >= 0) || !(cpus > 0) || memory === undefined || disk === undefined) return undefined;
  const known = elapsed.is === 'known' ? elapsed : undefined;
  const used = known && increase(vm.cpuSeconds, before?.cpuSeconds, known.restarted);
  return {
    ...{ load, cpus, memory, disk },
    ...(used === undefined || !known ? {} : { cpu: used / known.seconds / cpus }),
    ...(pressure ? { pressure } : {}),
  };
}

function takenOf({ total, available }: ReachedVm['memory']): number | undefined {
  return total > 0 && available >= 0 ? Math.max(0, 1 - available / total) : undefined;
}
