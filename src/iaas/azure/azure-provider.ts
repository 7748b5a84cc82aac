/** Azure: virtual machines of their own in one resource group of one location. */
import type { AzureIaasSpec } from '../../model/iaas/azure.ts';
import { cloudProvider } from '../cloud/cloud-provider.ts';
import type { IaasContext, IaasProvider } from '../provider.ts';
import { azureAccount } from './account.ts';
import { bakeImage } from './bake.ts';
import { azureCalls } from './calls.ts';
import { azureSizes } from './sizes.ts';
import { checkGroup, survey } from './survey.ts';

/** The adapter of kind `azure`. */
export function azureProvider(spec: AzureIaasSpec, { lineage, env }: IaasContext): IaasProvider {
  const account = azureAccount(spec, env);
  const sizes = azureSizes(spec, account);
  const { calls, findVm } = azureCalls(spec, lineage, account, sizes);
  return cloudProvider(spec, lineage, {
    calls,
    check: () => checkGroup(spec, account),
    survey: (wanted) => survey(spec, account, sizes, wanted),
    sizes: () => sizes.all(),
    bake: async ({ id }, image, signal) =>
      bakeImage(spec, account, await findVm(id, { what: `bake ${image}`, signal }), image, signal),
  });
}
