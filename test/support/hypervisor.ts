/**
 * What an API without machines behind it lacks (Nova's fake driver, a vendor's API with a memory): for each machine that it shows a VM of
 * this machine at that address, with the keys that its user data say, and gone when it is. So all that follows a creation is real.
 */
import { mkdir, symlink } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { rootLayout, vmLayout } from '../../src/iaas/local/layout.ts';
import { containerName } from '../../src/iaas/local/names.ts';
import { Secret } from '../../src/model/secret.ts';
import type { Openstack } from './openstack.ts';
import type { TestSite } from './vm.ts';

/** A machine that somebody's API says is there. */
export interface HostedMachine {
  /** Lower-case letters, digits and hyphens. */
  readonly id: string;
  readonly running: boolean;
  /** In the network of the site. */
  readonly address: string;
  /** As cloud-init would read it: unpacked. */
  readonly userData: () => Promise<string>;
}

interface UserData {
  readonly ssh_keys: { readonly ed25519_private: string; readonly ed25519_public: string };
  readonly users: readonly { readonly ssh_authorized_keys: readonly string[] }[];
}

export interface Hypervisor extends AsyncDisposable {
  /** Names of the VMs that run now: the ids of their servers. */
  machines(): Promise<readonly string[]>;
}

/** Looks after all machines that `list` shows, of one API whose network is that of the site; `name` tells it from others there. */
export function hypervisor(
  site: TestSite,
  list: () => Promise<readonly HostedMachine[]>,
  name = 'hypervisor',
): Hypervisor {
  const provider = site.providerOf(name);
  const stop = new AbortController();
  const booted = async (): Promise<readonly string[]> =>
    (await provider.list()).flatMap(({ vm }) => (vm === undefined ? [] : [vm]));

  async function boot({ id, address, userData }: HostedMachine): Promise<void> {
    const config = await userData();
    const { ssh_keys: keys, users } = JSON.parse(config.replace('#cloud-config\n', '')) as UserData;
    const layout = rootLayout(site.spec.root);
    const container = containerName(name, id);
    // The address that is shown, before the local IaaS would choose another.
    await mkdir(vmLayout(layout, container).directory, { recursive: true });
    await mkdir(layout.addresses, { recursive: true });
    await symlink(`../vms/${container}`, path.join(layout.addresses, address));
    const hostKey = { privateKey: new Secret(keys.ed25519_private), publicKey: keys.ed25519_public };
    const authorizedKey = users[0]?.ssh_authorized_keys[0] ?? '';
    await provider.create(await site.request(id, { hostKey, authorizedKey }));
  }

  async function look(): Promise<void> {
    const machines = await list();
    const running = await provider.list();
    const wanted = machines.filter((machine) => machine.running);
    await Promise.all([
      ...wanted.filter(({ id }) => !running.some(({ vm }) => vm === id)).map(boot),
      ...running
        .filter(({ vm }) => !machines.some(({ id }) => id === vm))
        .map(async ({ id }) => {
          await provider.delete(id);
        }),
    ]);
  }

  const watch = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      await look();
      await sleep(300);
    }
  };
  const watched = watch();
  // Told when it is asked to end.
  watched.catch(() => undefined);
  return {
    machines: booted,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await watched;
    },
  };
}

interface Server {
  readonly id: string;
  readonly status: string;
  readonly addresses: Readonly<Record<string, readonly { readonly addr: string }[]>>;
  readonly 'OS-EXT-SRV-ATTR:user_data': string;
}

/** All servers of an OpenStack, for {@link hypervisor}. */
export async function openstackServers(cloud: Openstack): Promise<readonly HostedMachine[]> {
  const { servers } = (await cloud.ask('compute', 'servers/detail')) as { servers: readonly Server[] };
  return servers.map(({ id, status, addresses, ...server }) => ({
    id,
    running: status === 'ACTIVE',
    address: Object.values(addresses).flat()[0]?.addr ?? '',
    userData: () => Promise.resolve(gunzipSync(Buffer.from(server['OS-EXT-SRV-ATTR:user_data'], 'base64')).toString()),
  }));
}
