/** What the machines of a project cost, by what it has written down. Connects to nothing. */
import type { LoggedEvent } from '../model/event.ts';
import { StratosError } from '../model/errors.ts';
import type { Instant } from '../model/quantity.ts';
import type { Deps } from './deps.ts';
import { machineCosts, machineSpans, type PartitionCost, type Presence } from './machine-costs.ts';
import { withKnownPrices } from './told-prices.ts';

/** By partition; nothing, with a warning, where the spec cannot be read, as it has the prices. @throws ProjectFileError */
export async function readCosts(
  deps: Deps,
  events: readonly LoggedEvent[],
  since: Instant,
  presence: Presence,
): Promise<Readonly<Record<string, PartitionCost>>> {
  const spans = machineSpans(await deps.inventory.read(), events, since, deps.now());
  if (spans.length === 0) return {};
  try {
    return machineCosts(await withKnownPrices(deps, await deps.loadSpec()), spans, presence);
  } catch (error) {
    if (!(error instanceof StratosError)) throw error;
    deps.emit({ type: 'warning', message: `Costs are left out: ${error.message}` });
    return {};
  }
}
