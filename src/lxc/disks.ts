/** What processes have changed on their own layers: only read when somebody asks, as it takes a walk over all files of each. */
import type { ObservedProcess } from '../model/observation.ts';
import { bytes, millis } from '../model/quantity.ts';
import { script, type ScriptStep, type StepResult } from '../shell/command.ts';
import { LAYOUT } from './layout.ts';
import text from './scripts/disks.sh';

/** Longest time in s that the walk may take; what is not counted by then is not known. */
const LIMIT = 2;

/** Counts the changes of every process on a VM. */
export function disksStep(): ScriptStep {
  return script({ name: 'disks', text }, 'observe disks', [LAYOUT.processes, LIMIT], {
    timeout: millis((LIMIT + 3) * 1000),
  });
}

/** The processes with what was counted. */
export function withDisks(
  processes: readonly ObservedProcess[],
  result: StepResult | undefined,
): readonly ObservedProcess[] {
  const lines = (result?.stdout ?? '').matchAll(/^(\d{1,15})\t.*\/([0-9a-z-]+)\/overlay\/delta$/gm);
  const sizes = new Map([...lines].map(([, size, name = '']) => [name, bytes(Number(size))]));
  return processes.map((process) => {
    const disk = sizes.get(process.name);
    return disk === undefined ? process : { ...process, disk };
  });
}
