/** What one run leaves for the next: samples, counters, and what policy remembers. Beside the inventory, and never fatal. */
import { NO_COUNTERS, type Counters } from '../model/counters.ts';
import { NO_MEMORY, type PolicyMemory } from '../model/memory.ts';
import type { Instant } from '../model/quantity.ts';
import type { History } from '../model/signal.ts';
import type { SampleSet } from './sample-line.ts';
import { sampleStore } from './sample-store.ts';
import { stateFile } from './state-file.ts';
import { countersProblem, memoryProblem } from './state-shape.ts';

/** What earlier runs left. */
export interface Remembered {
  /** By alias, oldest first. */
  readonly history: History;
  readonly counters: Counters;
  readonly memory: PolicyMemory;
}

/** What a run leaves. */
export interface RunRecord {
  readonly samples: SampleSet;
  readonly counters: Counters;
  readonly memory: PolicyMemory;
}

export interface RunMemory {
  /** Everything a run needs of earlier ones, with samples from `since` to `until`. Nothing is written; what cannot be read is empty. */
  recall(since: Instant, until: Instant): Promise<Remembered>;
  /** Leaves what the next run needs. What cannot be written is told as a warning: the work of this run is done all the same. */
  remember(record: RunRecord): Promise<void>;
}

/** In `.stratos/` of a project: `samples.jsonl`, `counters.json` and `policy-memory.json`. */
export function runMemory(directory: string, onWarning: (message: string) => void): RunMemory {
  const samples = sampleStore(directory, { onWarning });
  const counters = stateFile<Counters>(directory, {
    name: 'counters.json',
    what: 'counters of the run before',
    loss: 'rates are known again from the next run on',
    ...{ empty: NO_COUNTERS, problemOf: countersProblem, onWarning },
  });
  const memory = stateFile<PolicyMemory>(directory, {
    name: 'policy-memory.json',
    what: 'memory of policy',
    loss: 'cooldowns and idle times begin anew',
    ...{ empty: NO_MEMORY, problemOf: memoryProblem, onWarning },
  });
  const warn = (error: unknown): void => {
    onWarning(error instanceof Error ? error.message : String(error));
  };
  return {
    async recall(since, until) {
      const [history, last, remembered] = await Promise.all([
        samples.read(since, until).catch((error: unknown): History => {
          warn(error);
          return {};
        }),
        counters.read(),
        memory.read(),
      ]);
      return { history, counters: last, memory: remembered };
    },
    async remember(record) {
      const written = await Promise.allSettled([
        // A run that measured nothing has nothing to say.
        Object.keys(record.samples.samples).length > 0 ? samples.append(record.samples) : undefined,
        counters.write(record.counters),
        memory.write(record.memory),
      ]);
      for (const message of new Set(
        written.flatMap((done) => (done.status === 'rejected' ? [(done.reason as Error).message] : [])),
      ))
        onWarning(message);
    },
  };
}
