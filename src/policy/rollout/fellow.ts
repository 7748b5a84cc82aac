/** The processes of a subscription, as a rollout looks at them. */
import type { Inventory, ProcessRecord } from '../../model/inventory.ts';
import type { Observation } from '../../model/observation.ts';
import { instant, type Instant } from '../../model/quantity.ts';

export interface Fellow {
  readonly name: string;
  /** It is of the revision that is rolled out. */
  readonly isNew: boolean;
  readonly state: ProcessRecord['state'];
  /** `unknown`: its VM does not answer. Without a gateway that knows it, running is being up. */
  readonly health: 'up' | 'down' | 'unknown';
  readonly failure?: string;
  readonly createdAt: Instant;
}

/** Those that exist and are not on their way out, in the order of their numbers, by alias. */
export function fellowsOf(
  inventory: Inventory,
  observation: Observation,
): (alias: string, fingerprint: string) => readonly Fellow[] {
  const byAlias = Map.groupBy(
    inventory.processes.filter(({ state }) => state !== 'leaving'),
    ({ subscription }) => subscription,
  );
  const isUp = gatewayHealth(observation);
  return (alias, fingerprint) =>
    (byAlias.get(alias) ?? [])
      .toSorted((a, b) => a.ordinal - b.ordinal)
      .map((record) => ({
        name: record.name,
        isNew: record.fingerprint === fingerprint,
        state: record.state,
        health: healthOf(record, observation, isUp),
        ...(record.failure === undefined ? {} : { failure: record.failure }),
        createdAt: instant(Date.parse(record.createdAt) || 0),
      }));
}

/** Whether any gateway gets an answer from a process; undefined when none says. */
function gatewayHealth(observation: Observation): (process: string) => boolean | undefined {
  const up = new Map<string, boolean>();
  for (const seen of Object.values(observation.vms)) {
    if (seen.status !== 'reached' || !seen.gateway.running) continue;
    for (const [name, isUp] of Object.entries(seen.gateway.servers)) up.set(name, isUp || (up.get(name) ?? false));
  }
  return (process) => up.get(process);
}

function healthOf(
  { name, vm }: ProcessRecord,
  { vms }: Observation,
  isUp: (process: string) => boolean | undefined,
): Fellow['health'] {
  const seen = vms[vm];
  if (seen?.status !== 'reached') return 'unknown';
  const container = seen.processes.find((process) => process.name === name);
  if (container?.asleep) return 'up';
  return container?.state === 'running' && isUp(name) !== false ? 'up' : 'down';
}
