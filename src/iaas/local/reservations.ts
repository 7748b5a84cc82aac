/** Who has which address: one symbolic link for each, made in one step, so that a crash leaves either none or a whole one. */
import { mkdir, readdir, readlink, rm, symlink } from 'node:fs/promises';
import path from 'node:path';
import { IaasError } from '../../model/errors.ts';
import { lowestFreeAddress, vmCapacity } from './addresses.ts';
import { vmLayout, type RootLayout } from './layout.ts';
import { isThere } from './is-there.ts';

/**
 * Gives a VM the address it has already, or the lowest free one. The VM's directory must be there: an address whose
 * directory is gone counts as free. To be called under the network lock.
 * @throws IaasError no-capacity when the subnet is full
 */
export async function reserveAddress(
  iaas: string,
  layout: RootLayout,
  subnet: string,
  container: string,
): Promise<string> {
  await mkdir(layout.addresses, { recursive: true });
  const taken = new Set<string>();
  for (const [address, holder] of await holders(layout)) {
    if (holder === container) return address;
    if (await isThere(vmLayout(layout, holder).directory)) taken.add(address);
    else await rm(path.join(layout.addresses, address), { force: true });
  }
  const address = lowestFreeAddress(subnet, taken);
  if (address === undefined) {
    throw new IaasError(
      iaas,
      'no-capacity',
      `Cannot give VM ${container} an address as the subnet is full: ${subnet} has ${vmCapacity(subnet)} for VMs`,
    );
  }
  await symlink(`../vms/${container}`, path.join(layout.addresses, address));
  return address;
}

/** Takes back all a VM has. To be called under the network lock. */
export async function releaseAddress(layout: RootLayout, container: string): Promise<void> {
  for (const [address, holder] of await holders(layout)) {
    if (holder === container) await rm(path.join(layout.addresses, address), { force: true });
  }
}

async function holders(layout: RootLayout): Promise<readonly (readonly [string, string])[]> {
  const addresses = await readdir(layout.addresses).catch(() => []);
  return Promise.all(
    addresses.map(
      async (address) => [address, path.basename(await readlink(path.join(layout.addresses, address)))] as const,
    ),
  );
}
