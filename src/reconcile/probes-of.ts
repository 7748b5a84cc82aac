/** Which commands of policies an observation runs on which VM. */
import type { Probe } from '../lxc/probes.ts';
import type { Inventory, ProcessRecord } from '../model/inventory.ts';
import { millis } from '../model/quantity.ts';
import type { Spec, SubscriptionSpec } from '../model/spec.ts';

/** Longest time of an idle policy's probe. */
const BUSY_TIMEOUT = millis(2000);

/** The commands by VM: those of processes that are ready and awake by their records. VMs without any are not in it. */
export function probesOf(spec: Spec, inventory: Inventory): ReadonlyMap<string, readonly Probe[]> {
  const asking = new Map(
    Object.values(spec.subscriptions)
      .filter(({ scaling, idle }) => Object.keys(scaling.signals).length > 0 || idle?.busy)
      .map((subscription) => [subscription.alias, subscription]),
  );
  if (asking.size === 0) return new Map();
  const awake = inventory.processes.filter(
    ({ subscription, state, asleep }) => asking.has(subscription) && state === 'ready' && !asleep,
  );
  return new Map(
    [...Map.groupBy(awake, (process) => process.vm)].map(([vm, processes]) => [
      vm,
      [...Map.groupBy(processes, (process) => process.subscription)].flatMap(([alias, own]) => {
        const subscription = asking.get(alias);
        return subscription ? probesFor(subscription, own) : [];
      }),
    ]),
  );
}

function probesFor({ alias, scaling, idle }: SubscriptionSpec, processes: readonly ProcessRecord[]): readonly Probe[] {
  const signals = Object.entries(scaling.signals).flatMap(([signal, { command, on, timeout }]): readonly Probe[] => {
    const probe = { subscription: alias, signal, argv: command, timeout };
    return on === 'vm' ? [probe] : processes.map(({ name }) => ({ ...probe, process: name }));
  });
  const busy = idle?.busy;
  if (!busy) return signals;
  return [
    ...signals,
    ...processes.map(({ name }) => ({ subscription: alias, process: name, argv: busy, timeout: BUSY_TIMEOUT })),
  ];
}
