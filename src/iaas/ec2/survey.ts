/** What `iaas check` shows of EC2 before anything is bought. */
import { IaasError } from '../../model/errors.ts';
import type { Ec2IaasSpec } from '../../model/iaas/ec2.ts';
import type { VmSize } from '../../model/vm-size.ts';
import { lookAt } from '../cloud/look-at.ts';
import { priceFinding } from '../cloud/price-finding.ts';
import type { Finding } from '../provider.ts';
import type { Ec2Api } from './api.ts';
import { ec2CodeOf } from './failures.ts';
import type { Ec2Image } from './image.ts';
import { chooseType, findType } from './instance-types.ts';
import type { Place } from './network.ts';
import { runRequest } from './run-request.ts';
import type { AskQuota } from './service-quotas.ts';
import { surveyQuotas } from './survey-quotas.ts';

export interface Surveyed {
  readonly api: Ec2Api;
  readonly spec: Ec2IaasSpec;
  readonly image: () => Promise<Ec2Image>;
  readonly places: () => Promise<readonly Place[]>;
  readonly quota: AskQuota | undefined;
}

/** Looks at everything; one that is not known looks no further, and sizes are looked at where image and network are there. */
export async function surveyEc2(surveyed: Surveyed, sizes: readonly VmSize[]): Promise<readonly Finding[]> {
  const { api, spec } = surveyed;
  const known = await lookAt('credentials', async () => {
    const region = await api.region();
    await api.ask(`use ${spec.name}`, async (ec2) => ec2.describeAccountAttributes({}));
    return `EC2 in ${region} knows us`;
  });
  if (known.status !== 'ok') return [known];
  const image = lookAt('image', async () => {
    const { id, name, architecture } = await surveyed.image();
    return `${id} is ${name} for ${architecture}`;
  });
  const network = lookAt('network', async () => networkOf(spec, await surveyed.places()));
  const ground = [known, await image, await network];
  if (ground.some(({ status }) => status !== 'ok')) return ground;
  const bySize = await Promise.all(sizes.map(async (size) => surveySize(surveyed, size)));
  const types = bySize.flatMap(({ type }) => type ?? []);
  return [...ground, ...bySize.flatMap(({ findings }) => findings), ...(await surveyQuotas(surveyed, types))];
}

function networkOf({ name }: Ec2IaasSpec, places: readonly Place[]): string {
  const known = places.filter(({ subnet }) => subnet !== undefined);
  if (known.length === 0) return 'the network is the launch template’s';
  const room = known.map(
    ({ subnet = '', zone = '', free = 0 }) => `${subnet} in ${zone} has ${String(free)} addresses left`,
  );
  if (known.some(({ free = 0 }) => free > 0)) return room.join(', ');
  throw new IaasError(name, 'no-capacity', `Cannot make a machine in ${name} as no subnet has an address left`);
}

/** What was found of a size, and the type it would be. */
interface SurveyedSize {
  readonly findings: readonly Finding[];
  readonly type?: string;
}

async function surveySize(surveyed: Surveyed, size: VmSize): Promise<SurveyedSize> {
  const { spec } = surveyed;
  let type = '';
  const found = await lookAt('size', async () => {
    type = await usableType(surveyed, size);
    return `${type} can be had${await soldIn(surveyed, type)}`;
  });
  if (found.status !== 'ok') return { findings: [found] };
  const allowed = await lookAt('credentials', async () => askFor(surveyed, size, type));
  return { findings: [found, allowed, priceFinding(spec, type, size)], type };
}

/** The type that a VM of this size would get. @throws IaasError when the region or the image has no use for it */
async function usableType({ api, spec, image }: Surveyed, size: VmSize): Promise<string> {
  const { architecture } = await image();
  if (size.name === undefined) return chooseType(api, spec, architecture, size);
  const found = await findType(api, spec, size.name);
  if (!found)
    throw new IaasError(spec.name, 'invalid', `Cannot use size ${size.name} as the region has no such type`, {
      hint: 'aws ec2 describe-instance-types',
    });
  const runs: readonly string[] = found.ProcessorInfo?.SupportedArchitectures ?? [architecture];
  if (runs.includes(architecture)) return size.name;
  throw new IaasError(spec.name, 'invalid', `Cannot use size ${size.name} as it runs no image for ${architecture}`);
}

/** ` in eu-west-1a`, the zones of the spec that have the type. @throws IaasError when none has */
async function soldIn({ api, spec, places }: Surveyed, type: string): Promise<string> {
  const zones = [...new Set((await places()).flatMap(({ zone }) => zone ?? []))];
  if (zones.length === 0) return '';
  const offered = await api.pages(`find where ${type} is sold`, async (ec2, token, options) => {
    const Filters = [{ Name: 'instance-type', Values: [type] }];
    const input = { LocationType: 'availability-zone' as const, Filters, ...token };
    const answer = await ec2.describeInstanceTypeOfferings(input, options);
    return { items: answer.InstanceTypeOfferings, next: answer.NextToken };
  });
  const sold = new Set(offered.map(({ Location }) => Location));
  const having = zones.filter((zone) => sold.has(zone));
  if (having.length > 0) return ` in ${having.join(', ')}`;
  throw new IaasError(spec.name, 'invalid', `Cannot use size ${type} as it is not sold in ${zones.join(', ')}`);
}

/** Asks for the machine without wanting it: EC2 says whether we may have it. @throws IaasError when not */
async function askFor({ api, spec, image, places }: Surveyed, size: VmSize, type: string): Promise<string> {
  const [place = {}] = await places();
  const facts = { spec, vm: 'survey', size, type, image: await image(), place };
  const request = runRequest({ ...facts, labels: {}, userData: Buffer.alloc(0), token: 'survey' });
  try {
    await api.ask(`ask for a machine of ${type}`, async (ec2) => ec2.runInstances({ ...request, DryRun: true }));
  } catch (error) {
    if (ec2CodeOf(error) !== 'DryRunOperation') throw error;
  }
  return `they may make a machine of ${type}`;
}
