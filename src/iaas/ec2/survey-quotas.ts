/** What `iaas check` shows of quotas: how many processors more the account may have in the region. It is for information: what cannot be read fails nothing. */
import { IaasError } from '../../model/errors.ts';
import type { Ec2IaasSpec } from '../../model/iaas/ec2.ts';
import type { Finding } from '../provider.ts';
import type { Ec2Api } from './api.ts';
import { failureIs } from './failures.ts';
import { processorsOf } from './instance-types.ts';
import { quotaCodeOf } from './quota-codes.ts';
import type { AskQuota } from './service-quotas.ts';

/** Most of one page; EC2 takes no more. */
const PAGE = 1000;

export interface QuotaSurvey {
  readonly api: Ec2Api;
  readonly spec: Ec2IaasSpec;
  /** Undefined: nobody is there to be asked. */
  readonly quota: AskQuota | undefined;
}

/** A finding for each quota that machines of these types count for. @param types that would be made */
export async function surveyQuotas(survey: QuotaSurvey, types: readonly string[]): Promise<readonly Finding[]> {
  const { api, spec, quota } = survey;
  const noted = (detail: string, hint?: string): Finding => ({
    subject: 'quota',
    status: 'warning',
    detail,
    ...(hint !== undefined && { hint }),
  });
  if (!quota) return [noted(`quotas are not looked at, as EC2 is asked elsewhere`, `iaas.${spec.name}.quotasEndpoint`)];
  try {
    const running = await typesInUse(api, spec);
    const processors = await processorsOf(api, spec, [...new Set([...types, ...running])]);
    const wanted = Map.groupBy(new Set(types), (type) => quotaCodeOf(type, spec.market)?.code);
    const findings = [...wanted].map(async ([code, some]): Promise<Finding> => {
      const words = some.join(', ');
      const limit = code === undefined ? undefined : await quota(code);
      if (code === undefined || limit === undefined)
        return noted(`no quota of processors is known that ${words} counts for`);
      const used = running.filter((type) => quotaCodeOf(type, spec.market)?.code === code);
      return leftOf({ spec, region: await api.region(), code, limit }, used, some, processors);
    });
    return await Promise.all(findings);
  } catch (error) {
    if (!(error instanceof IaasError)) throw error;
    const { message, hint } = error;
    return [noted(message, failureIs(error, 'unauthorized') ? RIGHTS : hint)];
  }
}

/** What those who may not ask are told to have allowed. */
const RIGHTS = 'allow servicequotas:GetServiceQuota and servicequotas:GetAWSDefaultServiceQuota';

interface Limit {
  readonly spec: Ec2IaasSpec;
  readonly region: string;
  readonly code: string;
  readonly limit: number;
}

/** `60 of 64 vCPUs for Standard machines on demand are left in eu-west-1`; failed where the largest wanted type has no room. */
function leftOf(
  { spec, region, code, limit }: Limit,
  used: readonly string[],
  wanted: readonly string[],
  processors: ReadonlyMap<string, number>,
): Finding {
  const { market } = spec;
  const count = (type: string): number => processors.get(type) ?? 0;
  const taken = used.reduce((sum, type) => sum + count(type), 0);
  const left = Math.max(0, limit - taken);
  const [largest = ''] = wanted.toSorted((a, b) => count(b) - count(a));
  const fits = count(largest) <= left;
  const group = quotaCodeOf(largest, market)?.group ?? '';
  const kind = `${group} machines ${market === 'spot' ? 'of market spot' : 'on demand'}`;
  const detail = `${String(left)} of ${String(limit)} vCPUs for ${kind} are left in ${region}`;
  if (fits) return { subject: 'quota', status: 'ok', detail };
  const need = taken + count(largest);
  return {
    subject: 'quota',
    status: 'failed',
    detail: `${detail}, and ${largest} takes ${String(count(largest))}`,
    hint: `aws service-quotas request-service-quota-increase --service-code ec2 --quota-code ${code} --desired-value ${String(need)} --region ${region}`,
  };
}

/** Types of all machines of the account, not only of ours, that count for quotas of the spec's market, one for each machine. */
async function typesInUse(api: Ec2Api, { name, market }: Ec2IaasSpec): Promise<readonly string[]> {
  const found = await api.pages(`count the machines of the account of ${name}`, async (ec2, token, options) => {
    const Filters = [{ Name: 'instance-state-name', Values: ['pending', 'running'] }];
    const { Reservations = [], NextToken: next } = await ec2.describeInstances(
      { Filters, MaxResults: PAGE, ...token },
      options,
    );
    return { items: Reservations.flatMap(({ Instances: each = [] }) => each), next };
  });
  return found.flatMap(({ InstanceType, InstanceLifecycle }) =>
    (InstanceLifecycle === 'spot') === (market === 'spot') ? (InstanceType ?? []) : [],
  );
}
