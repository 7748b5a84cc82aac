/** On which VMs an observation asks the gateway for its statistics: a question to HAProxy costs more than all others together. */
import type { Inventory } from '../model/inventory.ts';
import { gatewayHome, type Spec } from '../model/spec.ts';
import { watchedRollouts } from '../policy/rollout/decide-rollouts.ts';

/** Names of the VMs whose gateway serves a subscription that a policy scales, puts to sleep or rolls out by what is measured. */
export function trafficOf(spec: Spec, inventory: Inventory): ReadonlySet<string> {
  const watched = watchedRollouts(spec, inventory);
  const partitions = new Set(
    Object.values(spec.subscriptions)
      .filter(
        ({ alias, scaling, idle }) =>
          watched.has(alias) ||
          idle !== undefined ||
          scaling.processes.min === 0 ||
          Object.keys(scaling.target).length > 0,
      )
      .map(({ cartridge }) => gatewayHome(spec.partitions, spec.cartridges[cartridge]?.partition ?? '')),
  );
  return new Set(inventory.vms.filter(({ partition }) => partitions.has(partition)).map(({ name }) => name));
}
