/** EC2 as a contract subject: the adapter on moto, with what moto lacks in between. */
import { gunzipSync } from 'node:zlib';
import { EC2 } from '@aws-sdk/client-ec2';
import type { Instance } from '@aws-sdk/client-ec2';
import { ec2Provider } from '../../src/iaas/ec2/ec2-provider.ts';
import type { IaasProvider, MachineRequest } from '../../src/iaas/provider.ts';
import { bytes, cores, millis } from '../../src/model/quantity.ts';
import type { Ec2IaasSpec } from '../../src/model/iaas/ec2.ts';
import type { IaasSubject } from '../contract/iaas.contract.ts';
import { ec2Faults, type Ec2Faults, type Refusal } from './ec2-faults.ts';
import { machineRequest } from './machine-request.ts';
import { moto } from './moto.ts';

export interface Ec2Cloud extends AsyncDisposable {
  readonly faults: Ec2Faults;
  readonly spec: Ec2IaasSpec;
  /** EC2 itself, past adapter and faults. */
  readonly direct: EC2;
  /** The adapter of a project. */
  provider(lineage?: string, change?: Partial<Ec2IaasSpec>): IaasProvider;
  readonly request: (vm: string, change?: Partial<MachineRequest>) => Promise<MachineRequest>;
  /** What EC2 holds of a machine. */
  instance(id: string): Promise<Instance>;
  /** User data as cloud-init would read it. */
  userData(id: string): Promise<string>;
}

const REGION = 'eu-west-1';
/** Who may ask; moto lets anybody. */
const ENV = { KEY_ID: 'AKIATEST', KEY: 'secret' };

/** Opens it with subnets in two zones. */
export async function ec2Cloud(): Promise<Ec2Cloud> {
  const peer = await moto();
  const faults = await ec2Faults(peer.url);
  const credentials = { accessKeyId: 'DIRECT', secretAccessKey: 'secret' };
  const direct = new EC2({ region: REGION, endpoint: peer.url, credentials });
  const { Subnets = [] } = await direct.describeSubnets({});
  const subnetIn = (zone: string): string =>
    Subnets.find(({ AvailabilityZone }) => AvailabilityZone === `${REGION}${zone}`)?.SubnetId ?? '';
  const spec: Ec2IaasSpec = {
    kind: 'ec2',
    name: 'aws',
    user: 'stratos',
    timeout: millis(1000),
    concurrency: 4,
    region: REGION,
    endpoint: faults.url,
    quotasEndpoint: faults.url,
    accessKey: { id: { kind: 'env', variable: 'KEY_ID' }, secret: { kind: 'env', variable: 'KEY' } },
    market: 'on-demand',
    image: { name: 'ubuntu/images/hvm-ssd/ubuntu-xenial-*', owner: '099720109477' },
    subnets: [subnetIn('a'), subnetIn('b')],
    securityGroups: ['default'],
    address: 'private',
    disk: { type: 'gp3', encrypted: true },
    prices: { 't3.small': 0.0228 },
    tags: { team: 'shop' },
  };
  async function instance(id: string): Promise<Instance> {
    const { Reservations } = await direct.describeInstances({ InstanceIds: [id] });
    const found = Reservations?.[0]?.Instances?.[0];
    if (!found) throw new Error(`EC2 has no ${id}`);
    return found;
  }

  return {
    faults,
    spec,
    direct,
    provider: (lineage = 'one', change = {}) =>
      ec2Provider({ ...spec, ...change }, { lineage, env: ENV, onStep: () => undefined }),
    request: machineRequest({ cpu: cores(2), memory: bytes(2 ** 31), name: 't3.small' }),
    instance,
    async userData(id) {
      const { UserData } = await direct.describeInstanceAttribute({ InstanceId: id, Attribute: 'userData' });
      const data = Buffer.from(UserData?.Value ?? '', 'base64');
      return (data[0] === 0x1f ? gunzipSync(data) : data).toString();
    },
    async [Symbol.asyncDispose]() {
      direct.destroy();
      await faults[Symbol.asyncDispose]();
      await peer[Symbol.asyncDispose]();
    },
  };
}

/** The same for the contract. */
export async function ec2Subject(): Promise<IaasSubject> {
  const cloud = await ec2Cloud();
  const { faults } = cloud;
  /** Refuses the next so many requests of an action; undefined: of any. */
  const refuse = (times: number, refusal: Refusal, action?: string): void => {
    let left = times;
    faults.refuse = (asked) => {
      if (left <= 0 || (action !== undefined && asked.action !== action)) return undefined;
      left -= 1;
      return refusal;
    };
  };
  faults.page = 5;
  return {
    provider: cloud.provider('one'),
    other: cloud.provider('two'),
    sibling: cloud.provider('one', { name: 'dublin' }),
    request: cloud.request,
    zones: ['eu-west-1a', 'eu-west-1b'],
    beyondOnePage: 12,
    guestImage: 'ami-1e749f67',
    held: async (id) => {
      const { Tags = [], InstanceType = '', Placement, ImageId = '' } = await cloud.instance(id);
      const tags = new Map(Tags.map(({ Key, Value }) => [Key, Value]));
      return {
        vm: tags.get('stratos-vm') ?? '',
        lineage: tags.get('stratos-lineage') ?? '',
        userData: await cloud.userData(id),
        size: InstanceType,
        zone: Placement?.AvailabilityZone ?? '',
        image: ImageId,
      };
    },
    faults: {
      // Both subnets are tried before there is no room.
      refuseCreate: (failure) => {
        if (failure === 'quota') refuse(1, { code: 'VcpuLimitExceeded' }, 'RunInstances');
        else refuse(2, { code: 'InsufficientInstanceCapacity', status: 500 }, 'RunInstances');
      },
      loseAnswer: () => {
        faults.loseNext = true;
      },
      lockOut: () => {
        refuse(Number.POSITIVE_INFINITY, { code: 'AuthFailure', status: 401 });
        return () => {
          refuse(0, { code: '' });
        };
      },
      throttle: (calls, retryAfter) => {
        const headers = retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) };
        refuse(calls, { code: 'RequestLimitExceeded', status: 503, headers });
      },
      stall: () => {
        faults.stalled = true;
        return () => {
          faults.stalled = false;
        };
      },
    },
    [Symbol.asyncDispose]: async () => cloud[Symbol.asyncDispose](),
  };
}
