/** What EC2 is asked for when a machine is made. Pure. */
import { createHash } from 'node:crypto';
import type { InstanceNetworkInterfaceSpecification, RunInstancesCommandInput } from '@aws-sdk/client-ec2';
import type { Ec2IaasSpec } from '../../model/iaas/ec2.ts';
import type { VmSize } from '../../model/vm-size.ts';
import { templateName, type Ec2Image } from './image.ts';
import type { Place } from './network.ts';

export interface RunFacts {
  readonly spec: Ec2IaasSpec;
  readonly vm: string;
  readonly size: VmSize;
  readonly type: string;
  readonly image: Ec2Image;
  readonly place: Place;
  readonly labels: Readonly<Record<string, string>>;
  /** As it is sent: packed. */
  readonly userData: Buffer;
  readonly token: string;
}

const GIB = 2 ** 30;

/** The request. */
export function runRequest(facts: RunFacts): RunInstancesCommandInput {
  const { spec, vm, type, image, place, labels, userData, token } = facts;
  const { launchTemplate: named, instanceProfile: profile, market, maxPrice } = spec;
  const Tags = tagsOf({ ...spec.tags, ...labels, Name: vm });
  const kinds = ['instance', 'volume', 'network-interface'] as const;
  return {
    MinCount: 1,
    MaxCount: 1,
    ClientToken: token,
    InstanceType: type as NonNullable<RunInstancesCommandInput['InstanceType']>,
    ...(!image.ofTemplate && { ImageId: image.id }),
    ...(named && { LaunchTemplate: { ...templateName(named.template), Version: named.version } }),
    ...(userData.length > 0 && { UserData: userData.toString('base64') }),
    // Session tokens only, and one hop: what runs in a process of the machine gets none of its rights.
    MetadataOptions: { HttpEndpoint: 'enabled', HttpTokens: 'required', HttpPutResponseHopLimit: 1 },
    TagSpecifications: kinds.map((ResourceType) => ({ ResourceType, Tags })),
    ...diskOf(facts),
    ...networkOf(spec, place),
    ...(profile !== undefined && {
      IamInstanceProfile: profile.startsWith('arn:') ? { Arn: profile } : { Name: profile },
    }),
    ...(market === 'spot' && {
      InstanceMarketOptions: {
        MarketType: 'spot',
        SpotOptions: {
          SpotInstanceType: 'one-time',
          InstanceInterruptionBehavior: 'terminate',
          ...(maxPrice !== undefined && { MaxPrice: String(maxPrice) }),
        },
      },
    }),
  };
}

/** Tags as EC2 writes them. */
export function tagsOf(tags: Readonly<Record<string, string>>): { Key: string; Value: string }[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}

/** The root volume, where anything is said of it. */
function diskOf({ spec, size, image }: RunFacts): Pick<RunInstancesCommandInput, 'BlockDeviceMappings'> {
  const { type, encrypted, kmsKey, iops, throughput, size: usual } = spec.disk;
  const wanted = size.disk ?? usual;
  const ebs = {
    ...(type !== undefined && { VolumeType: type as 'gp3' }),
    ...(encrypted !== undefined && { Encrypted: encrypted }),
    ...(kmsKey !== undefined && { KmsKeyId: kmsKey, Encrypted: true }),
    ...(iops !== undefined && { Iops: iops }),
    ...(throughput !== undefined && { Throughput: throughput }),
    ...(wanted !== undefined && { VolumeSize: Math.max(Math.ceil(wanted / GIB), image.gib) }),
  };
  if (Object.keys(ebs).length === 0) return {};
  return {
    BlockDeviceMappings: [
      { DeviceName: image.rootDevice, Ebs: { ...usualSize(image), ...ebs, DeleteOnTermination: true } },
    ],
  };
}

/** What the image has; nothing where it does not say. */
function usualSize({ gib }: Ec2Image): { readonly VolumeSize?: number } {
  return gib > 0 ? { VolumeSize: gib } : {};
}

function networkOf(
  { publicAddress, address }: Ec2IaasSpec,
  { subnet, zone, groups }: Place,
): Pick<RunInstancesCommandInput, 'NetworkInterfaces' | 'SecurityGroupIds' | 'Placement'> {
  const inTemplate = subnet === undefined;
  const wanted = publicAddress ?? (address === 'public' && !inTemplate ? true : undefined);
  if (inTemplate && wanted === undefined)
    return {
      ...(groups && { SecurityGroupIds: [...groups] }),
      ...(zone !== undefined && { Placement: { AvailabilityZone: zone } }),
    };
  const card: InstanceNetworkInterfaceSpecification = {
    DeviceIndex: 0,
    DeleteOnTermination: true,
    ...(subnet !== undefined && { SubnetId: subnet }),
    ...(groups && { Groups: [...groups] }),
    ...(wanted !== undefined && { AssociatePublicIpAddress: wanted }),
  };
  return {
    NetworkInterfaces: [card],
    ...(inTemplate && zone !== undefined && { Placement: { AvailabilityZone: zone } }),
  };
}

/**
 * What makes a request safe to repeat: EC2 answers the same token with the machine that it made. 64 letters, as many as it takes.
 * @param attempt counts machines of this VM that ended before they were used: their token would give them again
 */
export function tokenOf(
  { lineage, iaas }: { readonly lineage: string; readonly iaas: string },
  vm: string,
  generation: string | undefined,
  subnet: string | undefined,
  attempt: number,
): string {
  const facts = [lineage, iaas, vm, generation ?? '', subnet ?? '', attempt];
  return createHash('sha256').update(JSON.stringify(facts)).digest('hex');
}
