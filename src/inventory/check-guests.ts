/** Runtime `vm`: what a partition, a cartridge and a subscription cannot ask of a process that nobody is inside of. */
import type { IaasSpec } from '../model/iaas-spec.ts';
import type { CartridgeSpec, PartitionSpec, SubscriptionSpec } from '../model/spec.ts';
import type { RawPartition } from './raw/partitions.ts';
import type { RawCartridge, RawSubscription } from './raw/workloads.ts';
import { sound, type ResolveContext } from './resolve-context.ts';
import type { Entry } from './spec-files.ts';

/** Whether the cartridges of a partition have runtime `vm`. */
export function holdsGuests(context: ResolveContext, partition: string): boolean {
  return sound(context, 'cartridges').some((entry) => {
    const raw = entry.value as RawCartridge;
    return raw.partition === partition && raw.runtime === 'vm';
  });
}

/** Reports a partition whose VMs could not be the processes of its cartridges, and a gateway that is none. */
export function checkGuestPartitions(
  context: ResolveContext,
  partitions: Readonly<Record<string, PartitionSpec>>,
  iaas: Readonly<Record<string, IaasSpec>>,
): void {
  for (const entry of sound(context, 'partitions')) {
    const { name } = entry;
    const { gateway, placement } = entry.value as RawPartition;
    const guests = holdsGuests(context, name);
    const report = (path: readonly (string | number)[], message: string): void => {
      context.report('partitions', entry, [...path], message);
    };
    if (guests)
      placement.forEach((place, index) => {
        if (iaas[place.iaas]?.kind === 'static')
          report(
            ['placement', index, 'iaas'],
            `VMs of ${name} must be made for each process, and machines of ${place.iaas} exist already`,
          );
      });
    if (gateway === undefined || !context.requireName('partitions', gateway, 'partitions', entry, ['gateway']))
      continue;
    if (!guests)
      report(['gateway'], `gateway of ${name} must be left out: only VMs of runtime vm have no gateways of their own`);
    else if (partitions[gateway]?.runtime === 'vm')
      report(['gateway'], `gateway of ${name} must be a partition whose VMs hold containers: ${gateway}`);
  }
}

/** Reports what a cartridge of runtime `vm` cannot have, and what only such a one can. */
export function checkGuestCartridge(context: ResolveContext, entry: Entry, spec: CartridgeSpec): void {
  const raw = entry.value as RawCartridge;
  const { name } = spec;
  const report = (path: string[], message: string): void => {
    context.report('cartridges', entry, path, message, { anchor: 'key' });
  };
  if (spec.runtime !== 'vm') {
    if (raw.ssh !== undefined) report(['ssh'], `ssh of ${name} needs runtime vm: the VMs of containers are known`);
    if (raw.userData !== undefined)
      report(['userData'], `userData of ${name} needs runtime vm: a container has no first boot`);
    if (holdsGuests(context, spec.partition))
      report(['partition'], `${name} must be in a partition of its own kind: ${spec.partition} has runtime vm`);
    return;
  }
  if (spec.ports.length === 0)
    context.report('cartridges', entry, [], `${name} needs a port: readiness of runtime vm is asked over the network`, {
      anchor: 'key',
    });
  if (raw.ssh && raw.ssh.hostKey === undefined && raw.userData === undefined)
    report(
      ['ssh'],
      `ssh of ${name} needs a hostKey, or userData that takes one that is made for each machine: {{hostKey}}`,
    );
  for (const key of ['env', 'command', 'security'] as const)
    if (raw[key] !== undefined)
      report(
        [key],
        `${key} of ${name} must be left out with runtime vm: what is inside is the image's, and userData's`,
      );
}

/** Reports what a subscription of such a cartridge cannot have. */
export function checkGuestSubscription(
  context: ResolveContext,
  entry: Entry,
  spec: SubscriptionSpec,
  cartridge: CartridgeSpec,
  partitions: Readonly<Record<string, PartitionSpec>>,
): void {
  if (cartridge.runtime !== 'vm') return;
  const { alias, scaling, idle, rollout, env } = spec;
  const report = (key: string, message: string): void => {
    context.report('subscriptions', entry, [key], message, { anchor: 'key' });
  };
  const partition = partitions[cartridge.partition];
  if (partition && partition.gateway === undefined)
    for (const key of ['port', 'hosts'] as const)
      if (key in (entry.value as object))
        report(key, `${key} of ${alias} leads nowhere: partition ${partition.name} has no gateway`);
  for (const [index, need] of ((entry.value as RawSubscription).needs ?? []).entries())
    for (const key of ['as', 'outputs'] as const)
      if (typeof need === 'object' && need[key] !== undefined)
        context.report(
          'subscriptions',
          entry,
          ['needs', index, key],
          `${key} of what ${alias} needs must be left out with runtime vm: nothing is handed over to what is inside`,
          { anchor: 'key' },
        );
  if (Object.keys(env).length > 0) report('env', `env of ${alias} must be left out with runtime vm: see userData`);
  const inside = Object.keys(scaling.target).find((signal) => !BY_GATEWAY.has(signal));
  if (inside !== undefined) report('scaling', `scaling of ${alias} must not look inside a VM of runtime vm: ${inside}`);
  if (idle?.freezeAfter !== undefined) report('idle', `idle of ${alias} must not freeze a VM of runtime vm: stopAfter`);
  if (idle?.busy) report('idle', `idle of ${alias} must not run a command in a VM of runtime vm: busy`);
  if (rollout.strategy === 'rolling' && rollout.maxSurge === 0)
    report('rollout', `rollout of ${alias} needs a maxSurge: a VM is replaced by another`);
}

/** Signals that gateways measure. */
const BY_GATEWAY: ReadonlySet<string> = new Set(['requestsInFlight', 'requestsPerSecond', 'responseTime']);
