/** What a project of OpenStack needs before machines can be made: an image, sizes, a network. */
import type { Openstack } from './openstack.ts';

export interface Site {
  readonly image: string;
  readonly network: string;
  /** Flavors that Nova refuses: for want of quota, and of any machine that has so much. */
  readonly refused: { readonly quota: string; readonly 'no-capacity': string };
}

/** Sets them up: image `debian`, sizes `m1` (1 vCPU, 512 MiB) and `m2` (2, 1 GiB), network `private` with these addresses. */
export async function openstackSite(
  cloud: Openstack,
  { cidr, pool }: { readonly cidr: string; readonly pool?: { readonly start: string; readonly end: string } },
): Promise<Site> {
  const quota = { instances: 100, cores: 200, ram: -1 };
  const id = (document: unknown, key: string): string => (document as Record<string, { id: string }>)[key]?.id ?? '';
  const flavor = async (name: string, more: object): Promise<string> => {
    const body = { flavor: { name, vcpus: 1, ram: 512, disk: 10, ...more } };
    return id(await cloud.ask('compute', 'flavors', 'POST', body), 'flavor');
  };
  const project = ((await cloud.identity('auth/tokens', AUTH)) as { token: { project: { id: string } } }).token.project;
  await cloud.ask('compute', `os-quota-sets/${project.id}`, 'PUT', { quota_set: quota });
  await flavor('m1', {});
  await flavor('m2', { vcpus: 2, ram: 1024 });
  const refused = {
    quota: await flavor('beyond-quota', { vcpus: 201 }),
    // 10 PB: fits the quota, which does not count disks, and no machine.
    'no-capacity': await flavor('beyond-machines', { disk: 10_000_000 }),
  };
  const facts = { name: 'debian', disk_format: 'raw', container_format: 'bare', visibility: 'public' };
  const image = (await cloud.ask('image', 'v2/images', 'POST', facts)).id as string;
  await cloud.ask('image', `v2/images/${image}/file`, 'PUT', Buffer.from('bytes'));
  const network = id(await cloud.ask('network', 'v2.0/networks', 'POST', { network: { name: 'private' } }), 'network');
  const subnet = {
    ...{ network_id: network, ip_version: 4, cidr, gateway_ip: null },
    ...(pool && { allocation_pools: [pool] }),
  };
  await cloud.ask('network', 'v2.0/subnets', 'POST', { subnet });
  return { image, network, refused };
}

const AUTH = {
  auth: {
    identity: {
      methods: ['password'],
      password: { user: { name: 'admin', domain: { id: 'default' }, password: 'secret' } },
    },
    scope: { project: { name: 'admin', domain: { id: 'default' } } },
  },
};
