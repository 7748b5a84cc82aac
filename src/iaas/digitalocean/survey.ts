/** Whether a team of DigitalOcean's has what the spec asks for, how many droplets it may have, and what they cost. */
import { IaasError } from '../../model/errors.ts';
import type { VmSize } from '../../model/vm-size.ts';
import { chooseSize } from '../cloud/choose-size.ts';
import { lookAt } from '../cloud/look-at.ts';
import { lookAtSizes } from '../cloud/look-at-sizes.ts';
import type { Finding } from '../provider.ts';
import { offersIn } from './droplet-sizes.ts';
import { vpcIn, type Team } from './make-droplet.ts';

/** Looks at all of it; one that cannot enter looks no further. */
export async function surveyTeam(team: Team, sizes: readonly VmSize[]): Promise<readonly Finding[]> {
  const { spec, api } = team;
  const { name, regions, image } = spec;
  let limit = 0;
  const entered = await lookAt('credentials', async () => {
    const { account } = (await api.ask({ what: `use ${name}`, path: 'v2/account' })) as {
      readonly account: { readonly droplet_limit: number; readonly status: string; readonly status_message: string };
    };
    if (account.status === 'locked')
      throw new IaasError(
        name,
        'unauthorized',
        `Cannot use ${name} as its account is locked: ${account.status_message}`,
      );
    limit = account.droplet_limit;
    return `the token of ${name} is known`;
  });
  if (entered.status !== 'ok') return [entered];
  const quota = await lookAt('quota', async () => {
    const { meta } = (await api.ask({
      what: `count the droplets of ${name}`,
      path: 'v2/droplets',
      query: { per_page: 1 },
    })) as { readonly meta: { readonly total: number } };
    const words = `${String(meta.total)} of ${String(limit)} droplets of ${name} are there`;
    if (meta.total < limit) return words;
    throw new IaasError(name, 'quota', `Cannot make machines as ${words}`);
  });
  const network = await lookAt('network', async () => {
    const all = (await api.all('regions', { what: `list the regions of ${name}`, path: 'v2/regions' })) as readonly {
      readonly slug: string;
    }[];
    const strange = regions.find((region) => !all.some(({ slug }) => slug === region));
    if (strange !== undefined)
      throw new IaasError(name, 'invalid', `Cannot use region ${strange} as ${name} has none of this name`);
    for (const region of regions) await vpcIn(team, region);
    return `networks and regions of ${name} are there`;
  });
  const known = network.status === 'ok' ? regions : [];
  const found = await lookAt('image', async () => {
    const answer = await api.find({ what: `find image ${image}`, path: `v2/images/${encodeURIComponent(image)}` });
    const { image: there } = (answer ?? {}) as {
      readonly image?: { readonly id: number; readonly regions?: readonly string[] };
    };
    if (!there) throw new IaasError(name, 'invalid', `Cannot use the image as ${name} has no such image: ${image}`);
    const without = known.find((region) => there.regions && !there.regions.includes(region));
    if (without === undefined) return `${image} is image ${String(there.id)}`;
    throw new IaasError(name, 'invalid', `Cannot use image ${image} as it is not in region ${without}`);
  });
  const [region] = known;
  const sized = await lookAtSizes(name, sizes, async (wanted) =>
    chooseSize(name, region ?? name, wanted, offersIn(await team.sizes(), region)),
  );
  return [entered, quota, found, network, ...sized];
}
