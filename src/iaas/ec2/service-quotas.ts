/** AWS's Service Quotas: what an account may have of a region. Its SDK is loaded with the first question. */
import type { ServiceQuotas } from '@aws-sdk/client-service-quotas';
import { remembered } from '../../concurrency/remembered.ts';
import type { Ec2IaasSpec } from '../../model/iaas/ec2.ts';
import type { IaasContext } from '../provider.ts';
import { clientSettings } from './client-settings.ts';
import { ec2CodeOf, translate } from './failures.ts';

/** The value of a quota of EC2 by its code: the account's own, or AWS's default. @throws IaasError */
export type AskQuota = (code: string) => Promise<number | undefined>;

/** Opens it; undefined where EC2 is asked elsewhere than at Amazon's and the spec does not say where quotas are. */
export function openQuotas(spec: Ec2IaasSpec, { env }: Pick<IaasContext, 'env'>): AskQuota | undefined {
  const { endpoint, quotasEndpoint } = spec;
  if (endpoint !== undefined && quotasEndpoint === undefined) return undefined;
  const client = remembered(async () => {
    const { ServiceQuotas } = await import('@aws-sdk/client-service-quotas');
    return new ServiceQuotas(await clientSettings(spec, env, quotasEndpoint));
  });
  const asker = { iaas: spec.name, profile: spec.profile, service: 'Service Quotas' };

  async function ask<Answer>(request: (quotas: ServiceQuotas) => Promise<Answer>): Promise<Answer> {
    try {
      return await request(await client());
    } catch (error) {
      throw translate(asker, `read the quotas of ${spec.name}`, error);
    }
  }

  return async (QuotaCode) => {
    const input = { ServiceCode: 'ec2', QuotaCode };
    try {
      return (await ask(async (quotas) => quotas.getServiceQuota(input))).Quota?.Value;
    } catch (error) {
      // An account that never asked for another value has none of its own.
      if (ec2CodeOf(error) !== 'NoSuchResourceException') throw error;
      return (await ask(async (quotas) => quotas.getAWSDefaultServiceQuota(input))).Quota?.Value;
    }
  };
}
