/** A machine's disk as an image that needs no other. */
import path from 'node:path';
import { IaasError } from '../../model/errors.ts';
import type { Machine } from '../../model/observation.ts';
import type { LibvirtIaasSpec } from '../../model/iaas/libvirt.ts';
import type { Domain } from './read-domain.ts';
import type { Virsh } from './virsh.ts';
import { volumesOf } from './volumes.ts';

/** Copies it: of a running machine while it writes, as if the power had gone at the end. @returns the volume's name, as `image` of the spec takes it */
export async function bakeImage(
  { name: iaas, pool }: LibvirtIaasSpec,
  virsh: Virsh,
  { uuid, name, disks }: Domain,
  { state }: Machine,
  image: string,
  signal?: AbortSignal,
): Promise<string> {
  const what = `make image ${image} of machine ${uuid}`;
  const { disk } = volumesOf(name);
  const file = disks.find((each) => path.posix.basename(each) === disk);
  if (file === undefined) throw new IaasError(iaas, 'invalid', `Cannot ${what} as it has no disk of ours: ${disk}`);
  const volume = `${image}.qcow2`;
  if (state === 'stopped') {
    await virsh.run(what, ['vol-clone', `--pool=${pool}`, `--vol=${disk}`, `--newname=${volume}`], signal);
    return volume;
  }
  const dest = path.posix.join(path.posix.dirname(file), volume);
  const copy = ['--path=vda', `--dest=${dest}`, '--format=qcow2', '--transient-job', '--wait', '--finish'] as const;
  await virsh.run(what, ['blockcopy', `--domain=${uuid}`, ...copy], signal);
  await virsh.run(what, ['pool-refresh', `--pool=${pool}`], signal);
  return volume;
}
