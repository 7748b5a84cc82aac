/** What was recorded, as loads to be simulated again. */
import type { History } from '../model/signal.ts';
import type { Trace } from './workload.ts';

/** One trace for each alias with at least two samples. A signal that a sample does not have keeps its value. */
export function historyTraces(history: History): Readonly<Record<string, Trace>> {
  return Object.fromEntries(
    Object.entries(history).flatMap(([alias, samples]) => {
      const first = samples[0];
      if (!first || samples.length < 2) return [];
      const signals = [...new Set(samples.flatMap(({ sums }) => Object.keys(sums)))];
      const columns = signals.map((signal) => {
        let last = 0;
        return [signal, samples.map(({ sums }) => (last = sums[signal] ?? last))] as const;
      });
      const times = samples.map(({ at }) => at - first.at);
      return [[alias, { name: 'recorded', start: first.at, times, columns: Object.fromEntries(columns) }] as const];
    }),
  );
}
