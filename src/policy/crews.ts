/** The processes of each subscription, as policy sees them; made in one pass. */
import type { Inventory, ProcessRecord } from '../model/inventory.ts';
import type { ObservedProcess, Observation } from '../model/observation.ts';
import { onceFor } from './once-for.ts';

/** The processes of one subscription that are not leaving. */
export interface Crew {
  /** Whatever their state. */
  readonly current: number;
  /** Awake and recorded as ready. */
  readonly ready: readonly ProcessRecord[];
  readonly sleepers: readonly Sleeper[];
}

export interface Sleeper {
  readonly process: ProcessRecord;
  readonly depth: 'frozen' | 'stopped';
  /** Why nobody could wake it the last time. */
  readonly wakeFailure?: string;
}

const NOBODY: Crew = { current: 0, ready: [], sleepers: [] };

/** By alias; one that has no process has an empty crew. */
export function crewsOf(inventory: Inventory, observation: Observation): (alias: string) => Crew {
  const crews = crewsBy(inventory.processes)(observation.vms);
  return (alias) => crews.get(alias) ?? NOBODY;
}

const crewsBy = onceFor((processes: Inventory['processes']) =>
  onceFor((vms: Observation['vms']) => workOut(processes, vms)),
);

function workOut(processes: Inventory['processes'], vms: Observation['vms']): ReadonlyMap<string, Crew> {
  const crews = new Map<string, { current: number; ready: ProcessRecord[]; sleepers: Sleeper[] }>();
  const seen = seenProcesses(vms);
  for (const process of processes) {
    if (process.state === 'leaving') continue;
    let crew = crews.get(process.subscription);
    if (!crew) crews.set(process.subscription, (crew = { current: 0, ready: [], sleepers: [] }));
    crew.current += 1;
    // A VM that does not answer says nothing: there the record counts, which a request may have outdated.
    const reached = vms[process.vm]?.status === 'reached';
    const found = reached ? seen.get(process.name) : process;
    if (found?.asleep) {
      const { wakeFailure } = found as Pick<ObservedProcess, 'wakeFailure'>;
      crew.sleepers.push({ process, depth: found.asleep, ...(wakeFailure === undefined ? {} : { wakeFailure }) });
    } else if (process.state === 'ready') crew.ready.push(process);
  }
  return crews;
}

/** Those that sleep; all others are awake. */
function seenProcesses(vms: Observation['vms']): ReadonlyMap<string, ObservedProcess> {
  const seen = new Map<string, ObservedProcess>();
  for (const vm of Object.values(vms)) {
    if (vm.status !== 'reached') continue;
    for (const process of vm.processes) if (process.asleep) seen.set(process.name, process);
  }
  return seen;
}
