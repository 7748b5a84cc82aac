/** Whether a host has what the spec asks for, and room. It sells nothing, so it tells no prices. */
import { IaasError } from '../../model/errors.ts';
import { formatBytes } from '../../model/quantity.ts';
import type { LibvirtIaasSpec } from '../../model/iaas/libvirt.ts';
import type { VmSize } from '../../model/vm-size.ts';
import { lookAt } from '../cloud/look-at.ts';
import type { Finding } from '../provider.ts';
import { freeMemory, hostSize, readVolume } from './read-host.ts';
import type { Virsh } from './virsh.ts';

/** Looks at all of it; one that cannot enter looks no further. */
export async function surveyHost(
  { name, pool, image, network }: LibvirtIaasSpec,
  virsh: Virsh,
  sizes: readonly VmSize[],
): Promise<readonly Finding[]> {
  let whole = hostSize('');
  const entered = await lookAt('credentials', async () => {
    whole = hostSize(await virsh.run(`use ${name}`, ['nodeinfo']));
    return `libvirt of ${name} lets us in`;
  });
  if (entered.status !== 'ok') return [entered];
  const quota = await lookAt('quota', async () => {
    const free = freeMemory(await virsh.run(`see the memory of ${name}`, ['nodememstats']));
    return `${formatBytes(free ?? 0)} of ${formatBytes(whole.memory)} of memory are free on the host of ${name}`;
  });
  const found = await lookAt('image', async () => {
    const xml = await virsh.run(`use image ${image}`, ['vol-dumpxml', `--pool=${pool}`, `--vol=${image}`]);
    const { capacity, format } = readVolume(xml);
    return `${image} is a disk of ${formatBytes(capacity)} (${format}) in pool ${pool}`;
  });
  const linked = await lookAt('network', async () => {
    const about = await virsh.run(`use network ${network}`, ['net-info', `--network=${network}`]);
    if (/^Active:\s*yes$/m.test(about)) return `network ${network} is active`;
    throw new IaasError(name, 'invalid', `Cannot use network ${network} as it is not active`, {
      hint: `virsh net-start ${network}`,
    });
  });
  const sized = sizes.map((wanted) =>
    lookAt('size', async () => {
      const words = `${String(wanted.cpu)} CPUs and ${formatBytes(wanted.memory)}`;
      if (wanted.name !== undefined)
        throw new IaasError(name, 'invalid', `Cannot get a machine as libvirt has no sizes of a name: ${wanted.name}`);
      if (wanted.cpu <= whole.cpu && wanted.memory <= whole.memory) return Promise.resolve(`${words} of ${name}`);
      throw new IaasError(name, 'invalid', `Cannot get a machine as the host of ${name} has less: ${words}`);
    }),
  );
  return [entered, quota, found, linked, ...(await Promise.all(sized))];
}
