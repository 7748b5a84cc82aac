/** `partitions:`: pools of VMs. */
import { processCapacity } from '../lxc/network.ts';
import { NO_BOUND } from '../model/bounds.ts';
import { leastVms } from '../model/least-vms.ts';
import { DEFAULT_SPARE } from '../model/policy.ts';
import type { IaasSpec } from '../model/iaas-spec.ts';
import type { PartitionSpec, PlacementSpec } from '../model/spec.ts';
import { checkGuestPartitions, holdsGuests } from './check-guests.ts';
import { checkCidr, overlap } from './check-cidr.ts';
import type { RawPartition, RawPlacement } from './raw/partitions.ts';
import type { RawPartitionPolicy } from './raw/policies.ts';
import { vmSizeOf } from './read-quantity.ts';
import { sound } from './resolve-context.ts';
import type { ResolveContext } from './resolve-context.ts';
import { partitionPolicy, referred } from './resolve-policies.ts';
import { hasTenants } from './resolve-tenants.ts';
import type { Entry } from './spec-files.ts';
import type { YamlPath } from './yaml-source.ts';

const DEFAULT_NETWORK = '10.66.0.0/22';

/** All usable partitions by name. */
export function resolvePartitions(
  context: ResolveContext,
  iaas: Readonly<Record<string, IaasSpec>>,
): Readonly<Record<string, PartitionSpec>> {
  const result: [string, PartitionSpec][] = [];
  for (const entry of sound(context, 'partitions')) {
    const raw = entry.value as RawPartition;
    const network = raw.network ?? DEFAULT_NETWORK;
    const placement = raw.placement.map((place) => placementOf(place, pricesOf(iaas, place.iaas)));
    raw.placement.forEach((place, index) => {
      checkPrices(context, entry, place, index);
      checkPlace(context, entry, place, index);
    });
    placement.forEach((place, index) => {
      context.requireName('iaas', place.iaas, 'partitions', entry, ['placement', index, 'iaas']);
      if (placement.findIndex((other) => other.iaas === place.iaas) < index)
        context.report(
          'partitions',
          entry,
          ['placement', index, 'iaas'],
          `${place.iaas} must stand once only in the placement of ${entry.name}`,
        );
      const spec = Object.hasOwn(iaas, place.iaas) ? iaas[place.iaas] : undefined;
      if (spec?.kind === 'local' && overlap(spec.subnet, network))
        context.report(
          'partitions',
          entry,
          raw.network === undefined ? ['placement', index, 'iaas'] : ['network'],
          `The network of the processes (${network}) must be apart from that of their VMs (${spec.subnet} of ${spec.name})`,
        );
    });
    checkCidr(context, 'partitions', entry, 'network', network);
    const policy = referred<RawPartitionPolicy>(context, 'partition', raw.policy, {
      section: 'partitions',
      entry,
      path: ['policy'],
    });
    if (!policy) continue;
    // A server of many tenants has a VM for itself unless somebody says otherwise.
    const places = policy.raw.processesPerVm ?? (hasTenants(context, entry.name) ? 1 : undefined);
    const size = partitionPolicy(policy.name, {
      ...policy.raw,
      ...(places === undefined ? {} : { processesPerVm: places }),
    });
    const spec = { name: entry.name, placement, policy: size, network };
    checkSize(context, entry, spec);
    result.push([entry.name, holdsGuests(context, entry.name) ? guestPartition(spec, raw.gateway) : spec]);
  }
  const partitions = Object.fromEntries(result);
  checkGuestPartitions(context, partitions, iaas);
  return partitions;
}

/** A VM for each process, none beside, and none that stays without: whatever its policy says of that. */
function guestPartition(spec: PartitionSpec, gateway: string | undefined): PartitionSpec {
  const { policy } = spec;
  return {
    ...spec,
    runtime: 'vm',
    ...(gateway === undefined ? {} : { gateway }),
    policy: {
      ...policy,
      vms: { min: 0, max: policy.vms.max },
      processesPerVm: 1,
      spare: DEFAULT_SPARE,
    },
  };
}

/** The price table of an IaaS. */
function pricesOf(iaas: Readonly<Record<string, IaasSpec>>, name: string): Readonly<Record<string, number>> {
  const spec = Object.hasOwn(iaas, name) ? iaas[name] : undefined;
  return (spec && 'prices' in spec ? spec.prices : undefined) ?? {};
}

function placementOf(raw: RawPlacement, prices: Readonly<Record<string, number>>): PlacementSpec {
  const sizes = raw.sizes?.map((size) => {
    const { name, price = name !== undefined && Object.hasOwn(prices, name) ? prices[name] : undefined } = size;
    return {
      ...vmSizeOf(size),
      ...(name === undefined ? {} : { name }),
      ...(price === undefined ? {} : { price }),
    };
  });
  return {
    iaas: raw.iaas,
    ...(raw.min === undefined ? {} : { min: raw.min }),
    max: raw.max ?? NO_BOUND,
    ...(raw.zones === undefined ? {} : { zones: raw.zones }),
    ...(raw.weight === undefined ? {} : { weight: raw.weight }),
    ...(raw.price === undefined ? {} : { price: raw.price }),
    ...(sizes === undefined ? {} : { sizes }),
  };
}

/** A price beside sizes would be that of none of them; two sizes of one name could not be told apart. */
function checkPrices(context: ResolveContext, entry: Entry, { price, sizes }: RawPlacement, index: number): void {
  if (price !== undefined && sizes !== undefined)
    context.report(
      'partitions',
      entry,
      ['placement', index, 'price'],
      `price must stand with each of the sizes of ${entry.name}, not beside them`,
      { anchor: 'key' },
    );
  sizes?.forEach(({ name }, at) => {
    if (name !== undefined && sizes.findIndex((other) => other.name === name) < at)
      context.report(
        'partitions',
        entry,
        ['placement', index, 'sizes', at, 'name'],
        `Sizes of ${entry.name} must have different names: ${name}`,
      );
  });
}

/** Bounds that contradict each other, a zone that stands twice. */
function checkPlace(context: ResolveContext, entry: Entry, place: RawPlacement, index: number): void {
  const { min = 0, max = NO_BOUND, zones = [] } = place;
  const at = (...path: (string | number)[]): YamlPath => ['placement', index, ...path];
  if (min > max)
    context.report(
      'partitions',
      entry,
      at('min'),
      `min of ${place.iaas} must not be above its max: ${String(min)} > ${String(max)}`,
    );
  zones.forEach((zone, n) => {
    if (zones.indexOf(zone) < n)
      context.report('partitions', entry, at('zones', n), `Zones of ${place.iaas} must be different: ${zone}`);
  });
}

function checkSize(context: ResolveContext, entry: Entry, spec: PartitionSpec): void {
  const { policy, network } = spec;
  const raw = (entry.value as RawPartition).policy;
  const path = raw === undefined ? [] : ['policy'];
  const inline = (key: string): YamlPath => (typeof raw === 'object' ? ['policy', key] : path);
  const most = spec.placement.reduce((sum, { max }) => Math.min(NO_BOUND, sum + max), 0);
  if (policy.vms.min > most)
    context.report(
      'partitions',
      entry,
      inline('vms'),
      `vms.min of ${entry.name} must not be above what its placement allows: ${String(policy.vms.min)} > ${String(most)}`,
    );
  const least = leastVms(spec);
  if (least > policy.vms.max && policy.vms.min <= policy.vms.max)
    context.report(
      'partitions',
      entry,
      inline('vms'),
      `vms.max of ${entry.name} must not be below the min of its placement together: ${String(policy.vms.max)} < ${String(least)}`,
    );
  const capacity = processCapacity(network);
  if (policy.processesPerVm !== NO_BOUND && capacity > 0 && policy.processesPerVm > capacity)
    context.report(
      'partitions',
      entry,
      inline('processesPerVm'),
      `processesPerVm of ${entry.name} must not be above what the network ${network} has room for: ${String(policy.processesPerVm)} > ${String(capacity)}`,
    );
}
