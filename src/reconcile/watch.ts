/** Reconciling again and again in one process: connections stay open, so a round with nothing to do costs milliseconds. */
import { setTimeout as sleep } from 'node:timers/promises';
import { InterruptedError, StratosError } from '../model/errors.ts';
import type { Millis } from '../model/quantity.ts';
import type { Deps, RunLimits } from './deps.ts';
import { openAll } from './materials.ts';
import { reconcile, type RunOutcome } from './reconcile.ts';

/**
 * Reconciles every `every` until the signal aborts; a round that fails is reported as a warning and the next one tries again.
 */
export async function watch(
  deps: Deps,
  limits: RunLimits,
  every: Millis,
  onRound: (outcome: RunOutcome) => void,
): Promise<void> {
  while (!limits.signal.aborted) {
    const started = deps.now();
    try {
      onRound(await reconcile(deps, limits));
      // Shells for the next round come up while nobody waits for them.
      openAll(deps, await deps.inventory.read());
    } catch (error) {
      if (error instanceof InterruptedError) return;
      if (!(error instanceof StratosError)) throw error;
      deps.emit({ type: 'warning', message: error.message });
    }
    const rest = Math.max(0, started + every - deps.now());
    await sleep(rest, undefined, { signal: limits.signal }).catch(() => undefined);
  }
}
