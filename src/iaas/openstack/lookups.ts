/** What the spec calls by a name and the cloud by an id: image, networks, flavors, server groups. */
import { IaasError } from '../../model/errors.ts';
import { bytes, cores } from '../../model/quantity.ts';
import type { PricedSize, VmSize } from '../../model/vm-size.ts';
import { smallestFit } from '../cloud/smallest-fit.ts';
import type { JsonService } from './json-service.ts';
import type { CloudServices } from './open-cloud.ts';
import { remembered } from './remembered.ts';

type Signal = AbortSignal | undefined;

/** A flavor as a size; `disk` is undefined where the flavor leaves it to the image. */
export interface FlavorSize extends PricedSize {
  readonly id: string;
  readonly name: string;
}

export interface Lookups {
  /** The newest usable image of this name, or the one of this id. @throws IaasError invalid when there is none */
  image(name: string, signal?: Signal): Promise<string>;
  network(name: string, signal?: Signal): Promise<string>;
  group(name: string, signal?: Signal): Promise<string>;
  securityGroup(name: string, signal?: Signal): Promise<string>;
  /** The flavor that a size names, else the smallest that offers as much. @throws IaasError invalid */
  flavor(size: VmSize, signal?: Signal): Promise<FlavorSize>;
  flavors(signal?: Signal): Promise<readonly FlavorSize[]>;
}

/** How long an answer holds, in ms. */
const MINUTE = 60_000;

/** Makes them. `volume`: machines boot from a volume, so a flavor's own disk does not matter. */
export function lookupsOf(iaas: string, { compute, network, image }: CloudServices, volume: boolean): Lookups {
  const none = (kind: string, name: string, hint: string): IaasError =>
    new IaasError(
      iaas,
      'invalid',
      `Cannot use ${kind} ${JSON.stringify(name)} as ${iaas} has none of that name or id`,
      {
        hint,
      },
    );
  const flavors = remembered(MINUTE, async (_, signal) => {
    const what = `list the sizes of ${iaas}`;
    const all: Flavor[] = [];
    for (let more = true; more;) {
      const query = { marker: all.at(-1)?.id };
      const answer = await compute.ask({ what, path: 'flavors/detail', query, signal });
      const page = answer as { flavors: Flavor[]; flavors_links?: readonly { rel: string }[] };
      all.push(...page.flavors);
      more = page.flavors.length > 0 && (page.flavors_links ?? []).some(({ rel }) => rel === 'next');
    }
    return all.map((flavor) => sizeOf(flavor, volume));
  });

  return {
    flavors: (signal) => flavors('all', signal),
    image: remembered(MINUTE, async (name, signal) => {
      const what = `find image ${name}`;
      const query = { name, status: 'active', sort_key: 'created_at', sort_dir: 'desc', limit: 1 };
      const [byName] = listed(await image.ask({ what, path: 'v2/images', query, signal }), 'images');
      const found = byName ?? (await byId(image, what, 'v2/images', name, undefined, signal));
      if (found) return found.id;
      throw none('image', name, 'openstack image list');
    }),
    network: remembered(MINUTE, async (name, signal) => {
      const what = `find network ${name}`;
      const [byName] = listed(await network.ask({ what, path: 'v2.0/networks', query: { name }, signal }), 'networks');
      const found = byName ?? (await byId(network, what, 'v2.0/networks', name, 'network', signal));
      if (found) return found.id;
      throw none('network', name, 'openstack network list');
    }),
    securityGroup: remembered(MINUTE, async (name, signal) => {
      const what = `find security group ${name}`;
      const all = listed(await network.ask({ what, path: 'v2.0/security-groups', signal }), 'security_groups');
      const found = all.find((each) => each.name === name || each.id === name);
      if (found) return found.id;
      throw none('security group', name, 'openstack security group list');
    }),
    group: remembered(MINUTE, async (name, signal) => {
      const what = `find server group ${name}`;
      const all = listed(await compute.ask({ what, path: 'os-server-groups', signal }), 'server_groups');
      const found = all.find((each) => each.name === name || each.id === name);
      if (found) return found.id;
      throw none('server group', name, 'openstack server group list');
    }),
    async flavor(size, signal) {
      const all = await flavors('all', signal);
      const { name } = size;
      const found =
        name === undefined ? smallestFit(size, all) : all.find((each) => each.name === name || each.id === name);
      if (found) return found;
      if (name !== undefined) throw none('size', name, 'openstack flavor list');
      const wanted = `${String(size.cpu)} cores, ${String(Math.ceil(size.memory / 2 ** 20))} MiB`;
      throw new IaasError(iaas, 'invalid', `Cannot find a size of ${iaas} that offers as much: ${wanted}`, {
        hint: 'openstack flavor list',
      });
    },
  };
}

interface Named {
  readonly id: string;
  readonly name?: string;
}

interface Flavor extends Named {
  readonly name: string;
  readonly vcpus: number;
  /** MiB. */
  readonly ram: number;
  /** GiB; 0: as large as the image. */
  readonly disk: number;
}

function sizeOf({ id, name, vcpus, ram, disk }: Flavor, volume: boolean): FlavorSize {
  const size = { id, name, cpu: cores(vcpus), memory: bytes(ram * 2 ** 20) };
  return disk === 0 || volume ? size : { ...size, disk: bytes(disk * 2 ** 30) };
}

function listed(answer: unknown, key: string): readonly Named[] {
  return (answer as Readonly<Record<string, readonly Named[] | undefined>>)[key] ?? [];
}

async function byId(
  service: JsonService,
  what: string,
  path: string,
  id: string,
  key: string | undefined,
  signal: Signal,
): Promise<Named | undefined> {
  if (!/^[\w-]+$/.test(id)) return undefined;
  const answer = await service.find({ what, path: `${path}/${id}`, signal });
  const document = answer as Readonly<Record<string, unknown>> | undefined;
  return (key === undefined ? document : document?.[key]) as Named | undefined;
}
