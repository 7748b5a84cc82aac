/** Whether a project of Hetzner's has what the spec asks for, and what that costs. Hetzner tells no quota. */
import { IaasError } from '../../model/errors.ts';
import type { HetznerIaasSpec } from '../../model/iaas/hetzner.ts';
import type { VmSize } from '../../model/vm-size.ts';
import { chooseSize } from '../cloud/choose-size.ts';
import { lookAtSizes } from '../cloud/look-at-sizes.ts';
import { lookAt } from '../cloud/look-at.ts';
import type { Finding } from '../provider.ts';
import type { HetznerApi } from './hetzner-api.ts';
import type { Named } from './hetzner-documents.ts';
import type { ProjectParts } from './project-parts.ts';
import { offersAt } from './server-types.ts';

/** Looks at all of it; one that cannot enter looks no further. */
export async function surveyProject(
  spec: HetznerIaasSpec,
  api: HetznerApi,
  parts: ProjectParts,
  sizes: readonly VmSize[],
): Promise<readonly Finding[]> {
  const { name, locations } = spec;
  let known: readonly Named[] = [];
  const entered = await lookAt('credentials', async () => {
    known = (await api.all('locations', {
      what: `list the locations of ${name}`,
      path: 'locations',
    })) as readonly Named[];
    return `the token of ${name} is known`;
  });
  if (entered.status !== 'ok') return [entered];
  const strange = locations.find((location) => known.every((each) => each.name !== location));
  const image = lookAt('image', async () => {
    const { id } = await parts.image(spec.architecture);
    return `${spec.image} is image ${String(id)}`;
  });
  const network = lookAt('network', async () => {
    if (strange !== undefined)
      throw new IaasError(name, 'invalid', `Cannot use location ${strange} as ${name} has none of this name`);
    await parts.attached();
    return `networks, firewalls and locations of ${name} are there`;
  });
  const [location] = strange === undefined ? locations : [];
  const sized = lookAtSizes(name, sizes, async (wanted) =>
    chooseSize(name, location ?? name, wanted, offersAt(spec, await parts.serverTypes(), location)),
  );
  return [entered, await image, await network, ...(await sized)];
}
