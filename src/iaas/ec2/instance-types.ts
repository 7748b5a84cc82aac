/** Instance types: which there are for an image, and which one a VM gets. */
import type { Filter, InstanceTypeInfo } from '@aws-sdk/client-ec2';
import { IaasError } from '../../model/errors.ts';
import { bytes, cores } from '../../model/quantity.ts';
import type { Ec2IaasSpec } from '../../model/iaas/ec2.ts';
import type { PricedSize, VmSize } from '../../model/vm-size.ts';
import { smallestFit } from '../cloud/smallest-fit.ts';
import type { Ec2Api } from './api.ts';

/** A size that can be had; its name is the instance type. */
export interface Offer extends PricedSize {
  readonly name: string;
}

const MIB = 2 ** 20;
/** Most values of a filter; EC2 takes no more. */
const FILTER_VALUES = 200;

/** Lists types that run the architecture and are sold on the spec's market, in the order of their names. */
export async function listTypes(
  api: Ec2Api,
  spec: Ec2IaasSpec,
  architecture: string,
  names?: readonly string[],
): Promise<readonly Offer[]> {
  const Filters: Filter[] = [
    { Name: 'current-generation', Values: ['true'] },
    { Name: 'bare-metal', Values: ['false'] },
    { Name: 'supported-usage-class', Values: [spec.market] },
    { Name: 'processor-info.supported-architecture', Values: [architecture] },
  ];
  const found = await typesOf(api, spec, names ? [{ Name: 'instance-type', Values: [...names] }] : Filters);
  return found
    .flatMap((type) => offerOf(type, spec.prices) ?? [])
    .toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

/** Processors of types by their names; those that the region does not know are left out. */
export async function processorsOf(
  api: Ec2Api,
  spec: Ec2IaasSpec,
  names: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  for (let from = 0; from < names.length; from += FILTER_VALUES) {
    const some = names.slice(from, from + FILTER_VALUES);
    for (const { InstanceType: name, VCpuInfo } of await typesOf(api, spec, [{ Name: 'instance-type', Values: some }]))
      if (name !== undefined && VCpuInfo?.DefaultVCpus !== undefined) counts.set(name, VCpuInfo.DefaultVCpus);
  }
  return counts;
}

/** The type by its name; undefined when the region has no such type. */
export async function findType(api: Ec2Api, spec: Ec2IaasSpec, name: string): Promise<InstanceTypeInfo | undefined> {
  return (await typesOf(api, spec, [{ Name: 'instance-type', Values: [name] }]))[0];
}

/** The cheapest of the spec's priced types that fits, else the smallest there is. @throws IaasError invalid when none fits */
export async function chooseType(
  api: Ec2Api,
  spec: Ec2IaasSpec,
  architecture: string,
  wanted: VmSize,
): Promise<string> {
  const priced = Object.keys(spec.prices ?? {});
  const offered = priced.length === 0 ? [] : await listTypes(api, spec, architecture, priced);
  const choice = smallestFit(wanted, offered) ?? smallestFit(wanted, await listTypes(api, spec, architecture));
  if (choice) return choice.name;
  const words = `${String(wanted.cpu)} processors and ${String(Math.ceil(wanted.memory / MIB))} MiB`;
  throw new IaasError(spec.name, 'invalid', `Cannot find an instance type in ${spec.name} that has as much: ${words}`, {
    hint: 'aws ec2 describe-instance-types',
  });
}

/** What a type offers; undefined where EC2 does not say. */
export function offerOf(type: InstanceTypeInfo, prices: Ec2IaasSpec['prices']): Offer | undefined {
  const { InstanceType: name, VCpuInfo, MemoryInfo } = type;
  if (name === undefined || VCpuInfo?.DefaultVCpus === undefined || MemoryInfo?.SizeInMiB === undefined)
    return undefined;
  const price = prices?.[name];
  return {
    name,
    cpu: cores(VCpuInfo.DefaultVCpus),
    memory: bytes(MemoryInfo.SizeInMiB * MIB),
    ...(price !== undefined && { price }),
  };
}

async function typesOf(api: Ec2Api, spec: Ec2IaasSpec, Filters: Filter[]): Promise<readonly InstanceTypeInfo[]> {
  return api.pages(`list the instance types of ${spec.name}`, async (ec2, token, options) => {
    const answer = await ec2.describeInstanceTypes({ Filters, ...token }, options);
    return { items: answer.InstanceTypes, next: answer.NextToken };
  });
}
