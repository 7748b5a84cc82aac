/** Where in a region machines may be: its subnets with their zones, and the security groups there. */
import type { SecurityGroup, Subnet } from '@aws-sdk/client-ec2';
import { IaasError } from '../../model/errors.ts';
import type { Ec2IaasSpec } from '../../model/iaas/ec2.ts';
import type { Ec2Api } from './api.ts';

/** One subnet; with neither key, where the launch template says. */
export interface Place {
  readonly subnet?: string;
  readonly zone?: string;
  /** Ids of security groups; undefined: the default group, or the launch template's. */
  readonly groups?: readonly string[];
  /** Addresses that are left. */
  readonly free?: number;
}

/** All places of the spec, in its order. @throws IaasError invalid for what is not there */
export async function findPlaces(api: Ec2Api, spec: Ec2IaasSpec): Promise<readonly Place[]> {
  const subnets = await findSubnets(api, spec);
  const groups = await findGroups(api, spec, subnets);
  if (subnets.length === 0) return [{ ...(groups && { groups: groups.map(({ id }) => id) }) }];
  return subnets.map(({ SubnetId, AvailabilityZone, AvailableIpAddressCount, VpcId }) => ({
    ...(SubnetId !== undefined && { subnet: SubnetId }),
    ...(AvailabilityZone !== undefined && { zone: AvailabilityZone }),
    ...(AvailableIpAddressCount !== undefined && { free: AvailableIpAddressCount }),
    ...(groups && { groups: groups.filter(({ network }) => network === VpcId).map(({ id }) => id) }),
  }));
}

/**
 * The places in which a VM is tried, in order. Those of a partition (`web-1`, `web-2`, …) begin each at the next, so that they are
 * spread. Empty when the zone is none of the places'.
 */
export function placesFor(vm: string, zone: string | undefined, places: readonly Place[]): readonly Place[] {
  const fits = zone === undefined ? places : places.flatMap((place) => inZone(place, zone));
  if (fits.length === 0) return [];
  const first = Number(/[0-9]+$/.exec(vm)?.[0] ?? 0) % fits.length;
  return [...fits.slice(first), ...fits.slice(0, first)];
}

function inZone(place: Place, zone: string): readonly Place[] {
  // The launch template names no subnet, so any zone may be asked for.
  if (place.subnet === undefined) return [{ ...place, zone }];
  return place.zone === zone ? [place] : [];
}

async function findSubnets(api: Ec2Api, { name, subnets, launchTemplate }: Ec2IaasSpec): Promise<readonly Subnet[]> {
  if (subnets.length === 0 && launchTemplate) return [];
  const what = `find the subnets of ${name}`;
  const found = await api.pages(what, async (ec2, token, options) => {
    const input =
      subnets.length > 0 ? { SubnetIds: [...subnets] } : { Filters: [{ Name: 'default-for-az', Values: ['true'] }] };
    const { Subnets: items, NextToken: next } = await ec2.describeSubnets({ ...input, ...token }, options);
    return { items, next };
  });
  if (found.length === 0)
    throw new IaasError(name, 'invalid', `Cannot ${what} as the region has no default subnets: name them`, {
      hint: 'aws ec2 describe-subnets',
    });
  if (subnets.length === 0)
    return found.toSorted((a, b) => (a.AvailabilityZone ?? '').localeCompare(b.AvailabilityZone ?? ''));
  return subnets.flatMap((id) => found.find(({ SubnetId }) => SubnetId === id) ?? []);
}

interface Group {
  readonly id: string;
  readonly network: string | undefined;
}

async function findGroups(
  api: Ec2Api,
  { name, securityGroups: wanted }: Ec2IaasSpec,
  subnets: readonly Subnet[],
): Promise<readonly Group[] | undefined> {
  if (wanted.length === 0) return undefined;
  const what = `find the security groups of ${name}`;
  const networks = [...new Set(subnets.flatMap(({ VpcId }) => VpcId ?? []))];
  const found = await api.pages(what, async (ec2, token, options) => {
    const Filters = networks.length === 0 ? [] : [{ Name: 'vpc-id', Values: networks }];
    const { SecurityGroups: items, NextToken: next } = await ec2.describeSecurityGroups({ Filters, ...token }, options);
    return { items, next };
  });
  return wanted.flatMap((each) => {
    const groups = found.filter(({ GroupId, GroupName }) => GroupId === each || GroupName === each);
    if (groups.length > 0) return groups.map(groupOf);
    throw new IaasError(name, 'invalid', `Cannot ${what} as there is no such group where its subnets are: ${each}`, {
      hint: 'aws ec2 describe-security-groups',
    });
  });
}

const groupOf = ({ GroupId = '', VpcId }: SecurityGroup): Group => ({ id: GroupId, network: VpcId });
