/** What a run measures, with what earlier runs left for it. */
import type { RunRecord } from '../inventory/run-memory.ts';
import type { Inventory } from '../model/inventory.ts';
import type { PolicyMemory } from '../model/memory.ts';
import type { Observation } from '../model/observation.ts';
import { instant, millis, type Instant, type Millis } from '../model/quantity.ts';
import type { History, Measurement } from '../model/signal.ts';
import type { Spec } from '../model/spec.ts';
import { addSamples } from '../signals/add-samples.ts';
import { measure } from '../signals/measure.ts';
import { samplesOf } from '../signals/samples-of.ts';
import type { Deps, RunLimits } from './deps.ts';
import { observe } from './observe.ts';

/** An observation as policy reads it. */
export interface MeasuredRun {
  readonly observation: Observation;
  readonly measurement: Measurement;
  /** With the samples of this run. */
  readonly history: History;
  /** What policy remembers of the run before. */
  readonly memory: PolicyMemory;
  /** What this run leaves when it is applied, beside policy's memory. */
  readonly record: Omit<RunRecord, 'memory'>;
}

/** Time of samples that is read at least and at most; policy looks back over two of its windows. */
const LEAST = 300_000;
const MOST = 7_200_000;

/** Observes and measures. Changes nothing and writes nothing. @throws InterruptedError when the signal aborts */
export async function measureRun(
  deps: Deps,
  spec: Spec,
  inventory: Inventory,
  limits: Pick<RunLimits, 'parallel' | 'signal' | 'everything' | 'disks'>,
): Promise<MeasuredRun> {
  const now = deps.now();
  const [observation, { history, counters: before, memory }] = await Promise.all([
    observe(deps, spec, inventory, limits),
    deps.memory.recall(since(now, spec), now),
  ]);
  const { measurement, counters } = measure({ spec, inventory, observation, counters: before });
  const samples = samplesOf({ spec, inventory, observation, measurement });
  return {
    observation,
    measurement,
    history: addSamples(history, samples),
    memory,
    record: { samples: { at: observation.at, samples }, counters },
  };
}

function since(now: Instant, spec: Spec): Instant {
  return instant(now - Math.min(MOST, Math.max(LEAST, ...Object.values(spec.subscriptions).map(lookBack))));
}

function lookBack({ scaling: { tuning } }: Spec['subscriptions'][string]): Millis {
  return millis(Math.max(2 * tuning.window, tuning.downWindow));
}
