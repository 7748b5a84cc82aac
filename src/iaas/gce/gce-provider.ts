/** Google Compute Engine: instances of their own, without groups, in one project and one or more zones. */
import type { GceIaasSpec } from '../../model/iaas/gce.ts';
import { cloudProvider } from '../cloud/cloud-provider.ts';
import type { IaasContext, IaasProvider } from '../provider.ts';
import { bakeImage } from './bake.ts';
import { gceCalls } from './calls.ts';
import { typeChooser } from './choose-type.ts';
import { gceClient } from './client.ts';
import { sizeOf } from './machine-type.ts';
import { checkZones, survey } from './survey.ts';

/** The adapter of kind `gce`. */
export function gceProvider(spec: GceIaasSpec, { lineage, env }: IaasContext): IaasProvider {
  const client = gceClient(spec, env);
  const types = typeChooser(spec, client);
  const { instance, calls } = gceCalls(spec, lineage, client, types);
  return cloudProvider(spec, lineage, {
    calls,
    check: () => checkZones(spec, client),
    survey: (sizes) => survey(spec, client, types, sizes),
    sizes: async () => (await types.all(spec.zones[0] ?? '')).map((type) => sizeOf(type, spec.prices)),
    bake: async ({ id }, image, signal) =>
      bakeImage(spec, client, await instance(id, `bake ${image}`, signal), image, signal),
  });
}
