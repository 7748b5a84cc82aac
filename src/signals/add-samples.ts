/** History with what was measured just now. */
import type { History, SubscriptionSample } from '../model/signal.ts';

/** Adds one sample to each subscription that was measured; of the same moment the newer one counts. */
export function addSamples(history: History, samples: Readonly<Record<string, SubscriptionSample>>): History {
  const added: Record<string, readonly SubscriptionSample[]> = { ...history };
  for (const [alias, sample] of Object.entries(samples)) {
    const before = (history[alias] ?? []).filter(({ at }) => at < sample.at);
    added[alias] = [...before, sample];
  }
  return added;
}
