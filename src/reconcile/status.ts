/** What exists and how it is: from the inventory alone, or compared with the world when asked to look. */
import { millis } from '../model/quantity.ts';
import type { Deps } from './deps.ts';
import { statusOf, type StatusReport } from './status-of.ts';

export interface StatusOptions {
  /** Ask the VMs; without it no connection is made. */
  readonly refresh: boolean;
  readonly signal?: AbortSignal;
  readonly parallel?: number;
}

/** @throws InvalidSpecError, ProjectFileError; HostError and InterruptedError when it looks */
export async function status(deps: Deps, options: StatusOptions): Promise<StatusReport> {
  if (!options.refresh) {
    const [spec, inventory] = await Promise.all([deps.loadSpec(), deps.inventory.read()]);
    return statusOf({ spec, inventory, now: deps.now() });
  }
  // Loaded only here: what connects to nothing shall start fast.
  const { planRun } = await import('./plan-run.ts');
  const { parallel = 64, signal = new AbortController().signal } = options;
  const run = await planRun(deps, { only: [], lockTimeout: millis(0), parallel, signal, everything: true });
  return statusOf({ ...run, now: deps.now() });
}
