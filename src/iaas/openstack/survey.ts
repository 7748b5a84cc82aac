/** What can be known before anything is made: credentials, quota, image, network, sizes. */
import { IaasError } from '../../model/errors.ts';
import { formatBytes } from '../../model/quantity.ts';
import type { OpenstackIaasSpec } from '../../model/iaas/openstack.ts';
import type { VmSize } from '../../model/vm-size.ts';
import type { Finding } from '../provider.ts';
import type { JsonService } from './json-service.ts';
import type { Lookups } from './lookups.ts';

/** `limits.absolute` of Nova; -1 is no bound. */
export interface Limits {
  readonly maxTotalInstances: number;
  readonly totalInstancesUsed: number;
  readonly maxTotalCores: number;
  readonly totalCoresUsed: number;
  /** MiB. */
  readonly maxTotalRAMSize: number;
  readonly totalRAMUsed: number;
}

/** Asks what the project may have and has; whoever cannot ask this cannot ask for anything. @throws IaasError */
export async function limitsOf(iaas: string, compute: JsonService): Promise<Limits> {
  const answer = await compute.ask({ what: `use ${iaas}`, path: 'limits' });
  return (answer as { limits: { absolute: Limits } }).limits.absolute;
}

/** Looks at all of it; what fails is a finding. */
export async function surveyCloud(
  spec: OpenstackIaasSpec,
  compute: JsonService,
  lookups: Lookups,
  sizes: readonly VmSize[],
): Promise<readonly Finding[]> {
  const look = async (subject: Finding['subject'], detail: () => Promise<string>): Promise<Finding> => {
    try {
      return { subject, status: 'ok', detail: await detail() };
    } catch (error) {
      if (!(error instanceof IaasError)) throw error;
      return {
        subject,
        status: 'failed',
        detail: error.message,
        ...(error.hint !== undefined && { hint: error.hint }),
      };
    }
  };
  let limits: Limits | undefined;
  const credentials = await look('credentials', async () => {
    limits = await limitsOf(spec.name, compute);
    return `${spec.name} lets us in`;
  });
  if (!limits) return [credentials];
  const { network, floating, image, securityGroups = [] } = spec;
  return [
    credentials,
    quotaLeft(limits),
    await look('image', async () => `${image} is ${await lookups.image(image)}`),
    await look('network', async () => `${network} is ${await lookups.network(network)}`),
    ...(await Promise.all([
      ...(floating === undefined
        ? []
        : [look('network', async () => `${floating} is ${await lookups.network(floating)}`)]),
      ...securityGroups.map((name) => look('network', async () => `${name} is ${await lookups.securityGroup(name)}`)),
    ])),
    ...(await Promise.all(
      sizes.map((size) =>
        look('size', async () => {
          const { name, cpu, memory } = await lookups.flavor(size);
          return `${name} has ${String(cpu)} vCPUs and ${formatBytes(memory)}`;
        }),
      ),
    )),
  ];
}

/** What is left of the quota: a warning where it is nothing. */
export function quotaLeft(limits: Limits): Finding {
  const rows = [
    ['machines', limits.maxTotalInstances, limits.totalInstancesUsed],
    ['vCPUs', limits.maxTotalCores, limits.totalCoresUsed],
    ['MiB', limits.maxTotalRAMSize, limits.totalRAMUsed],
  ] as const;
  const bounded = rows.filter(([, most]) => most >= 0);
  const left = bounded.map(([what, most, used]) => `${String(most - used)} of ${String(most)} ${what}`);
  const isUsedUp = bounded.some(([, most, used]) => used >= most);
  return {
    subject: 'quota',
    status: isUsedUp ? 'warning' : 'ok',
    detail: left.length === 0 ? 'the project has no bounds' : `${left.join(', ')} are left`,
    ...(isUsedUp && { hint: 'openstack limits show --absolute' }),
  };
}
