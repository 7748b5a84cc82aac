/** Snapshots of a process's file system, by `lxc-snapshot`: beside the process, and kept on its VM when it goes. */
import { script, type ScriptStep, type Step } from '../shell/command.ts';
import { LAYOUT } from './layout.ts';
import { checkedName } from './process-launch.ts';
import text from './scripts/snapshot.sh';

export interface Snapshot {
  /** `snap0`, `snap1` … as LXC names them; `shop-1/snap0` where it was kept of another process, which went. */
  readonly name: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly comment?: string;
  /** Digest of the image that it is of, where that is not the process's: it cannot be restored to it. */
  readonly image?: string;
}

/** Takes a snapshot; a process that runs is stopped for it and started again. Its answer has the one snapshot that was made. */
export function snapshotSteps(name: string, comment = ''): readonly Step[] {
  return [step('take', `take a snapshot of ${name}`, name, comment)];
}

/** Puts the file system of a process back; one that runs is stopped for it and started again. Volumes and environment stay. */
export function restoreSteps(name: string, snapshot: string): readonly Step[] {
  return [step('restore', `restore ${name}`, name, snapshot)];
}

/** Deletes a snapshot. */
export function snapshotRemoveStep(name: string, snapshot: string): ScriptStep {
  return step('remove', `remove a snapshot of ${name}`, name, snapshot);
}

/** Lists the snapshots of a process and those kept of its subscription on the VM, oldest first. */
export function snapshotListStep(name: string): ScriptStep {
  return step('list', `list the snapshots of ${name}`, name);
}

/** Reads what {@link snapshotListStep} and {@link snapshotSteps} print. */
export function parseSnapshots(stdout: string): readonly Snapshot[] {
  return stdout.split('\n').flatMap((line) => {
    const { snapshot, createdAt, comment, image } = parseLine(line);
    if (typeof snapshot !== 'string' || typeof createdAt !== 'string') return [];
    return [
      {
        ...{ name: snapshot, createdAt },
        ...(typeof comment === 'string' && comment !== '' ? { comment } : {}),
        ...(typeof image === 'string' ? { image } : {}),
      },
    ];
  });
}

function parseLine(line: string): Readonly<Record<string, unknown>> {
  try {
    return line.startsWith('{') ? (JSON.parse(line) as Readonly<Record<string, unknown>>) : {};
  } catch {
    return {};
  }
}

function step(verb: string, title: string, name: string, ...values: readonly string[]): ScriptStep {
  return script({ name: 'snapshot', text }, title, [LAYOUT.processes, verb, checkedName(name), ...values]);
}
