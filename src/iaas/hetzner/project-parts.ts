/** What machines are made of in a project of Hetzner's: its image, networks, firewalls and placement group, each by name or id. */
import { remembered } from '../../concurrency/remembered.ts';
import { IaasError } from '../../model/errors.ts';
import type { HetznerIaasSpec } from '../../model/iaas/hetzner.ts';
import type { HetznerApi } from './hetzner-api.ts';
import type { Image, Named, ServerType } from './hetzner-documents.ts';

export interface ProjectParts {
  /** All sizes that Hetzner sells. */
  serverTypes(): Promise<readonly ServerType[]>;
  /** An image for machines of this kind, by name or id; the spec's where none is named. @throws IaasError invalid */
  image(architecture: ServerType['architecture'], wanted?: string): Promise<Image>;
  /** Networks, firewalls and the placement group, by id. @throws IaasError invalid */
  attached(): Promise<Attached>;
}

interface Attached {
  readonly networks: readonly number[];
  readonly firewalls: readonly number[];
  readonly placementGroup: number | undefined;
}

/** Nothing is asked for yet; what was found is kept, as it holds for all machines of a run. */
export function projectParts(spec: HetznerIaasSpec, api: HetznerApi): ProjectParts {
  const { name } = spec;
  const missing = (what: string, wanted: string): IaasError =>
    new IaasError(name, 'invalid', `Cannot use the ${what} as ${name} has no such ${what}: ${wanted}`);

  async function idOf(kind: string, what: string, wanted: string): Promise<number> {
    if (/^\d+$/.test(wanted)) return Number(wanted);
    const request = { what: `find ${what} ${wanted}`, path: kind, query: { name: wanted } };
    const [found] = (await api.all(kind, request)) as readonly Named[];
    if (!found) throw missing(what, wanted);
    return found.id;
  }

  async function image(architecture: ServerType['architecture'], wanted: string): Promise<Image> {
    const what = `find image ${wanted}`;
    if (/^\d+$/.test(wanted)) {
      const answer = await api.find({ what, path: `images/${wanted}` });
      if (answer === undefined) throw missing('image', wanted);
      return (answer as { readonly image: Image }).image;
    }
    const query = { name: wanted, architecture, status: 'available' };
    const [found] = (await api.all('images', { what, path: 'images', query })) as readonly Image[];
    if (!found) throw missing('image', `${wanted} (${architecture})`);
    return found;
  }

  const images = new Map<string, () => Promise<Image>>();
  function knownImage(architecture: ServerType['architecture'], wanted = spec.image): Promise<Image> {
    const key = `${architecture}/${wanted}`;
    const known = images.get(key) ?? remembered(() => image(architecture, wanted));
    images.set(key, known);
    return known();
  }
  const { placementGroup } = spec;
  return {
    serverTypes: remembered(
      async () =>
        (await api.all('server_types', {
          what: `list the sizes of ${name}`,
          path: 'server_types',
        })) as readonly ServerType[],
    ),
    image: knownImage,
    attached: remembered(async () => ({
      networks: await Promise.all(spec.networks.map((each) => idOf('networks', 'network', each))),
      firewalls: await Promise.all(spec.firewalls.map((each) => idOf('firewalls', 'firewall', each))),
      placementGroup:
        placementGroup === undefined ? undefined : await idOf('placement_groups', 'placement group', placementGroup),
    })),
  };
}
