/**
 * What Nova's fake driver does not do: for each server a VM of this machine at the server's address, with the keys that its user data
 * say, and gone when it is. So all that follows a server's creation is real.
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

interface Server {
  readonly id: string;
  readonly status: string;
  readonly addresses: Readonly<Record<string, readonly { readonly addr: string }[]>>;
  readonly 'OS-EXT-SRV-ATTR:user_data': string;
}

interface UserData {
  readonly ssh_keys: { readonly ed25519_private: string; readonly ed25519_public: string };
  readonly users: readonly { readonly ssh_authorized_keys: readonly string[] }[];
}

export interface Hypervisor extends AsyncDisposable {
  /** Names of the VMs that run now: the ids of their servers. */
  machines(): Promise<readonly string[]>;
}

const LINEAGE = 'hypervisor';

/** Looks after all servers of a cloud whose network is that of the site. */
export function hypervisor(cloud: Openstack, site: TestSite): Hypervisor {
  const provider = site.providerOf(LINEAGE);
  const stop = new AbortController();
  const machines = async (): Promise<readonly string[]> =>
    (await provider.list()).flatMap(({ vm }) => (vm === undefined ? [] : [vm]));

  async function boot({ id, addresses, ...server }: Server): Promise<void> {
    const config = gunzipSync(Buffer.from(server['OS-EXT-SRV-ATTR:user_data'], 'base64')).toString();
    const { ssh_keys: keys, users } = JSON.parse(config.replace('#cloud-config\n', '')) as UserData;
    const address = Object.values(addresses).flat()[0]?.addr ?? '';
    const layout = rootLayout(site.spec.root);
    const container = containerName(LINEAGE, id);
    // The address that Neutron chose, before the local IaaS would choose another.
    await mkdir(vmLayout(layout, container).directory, { recursive: true });
    await mkdir(layout.addresses, { recursive: true });
    await symlink(`../vms/${container}`, path.join(layout.addresses, address));
    const hostKey = { privateKey: new Secret(keys.ed25519_private), publicKey: keys.ed25519_public };
    const authorizedKey = users[0]?.ssh_authorized_keys[0] ?? '';
    await provider.create(await site.request(id, { hostKey, authorizedKey }));
  }

  async function look(): Promise<void> {
    const { servers } = (await cloud.ask('compute', 'servers/detail')) as { servers: readonly Server[] };
    const running = await provider.list();
    const wanted = servers.filter(({ status }) => status === 'ACTIVE');
    await Promise.all([
      ...wanted.filter(({ id }) => !running.some(({ vm }) => vm === id)).map(boot),
      ...running
        .filter(({ vm }) => !servers.some(({ id }) => id === vm))
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
    machines,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await watched;
    },
  };
}
