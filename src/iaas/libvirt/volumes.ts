/** Disks of machines in the spec's storage pool. */
import { stat } from 'node:fs/promises';
import { IaasError } from '../../model/errors.ts';
import type { LibvirtIaasSpec } from '../../model/iaas/libvirt.ts';
import { formatBytes, type Bytes } from '../../model/quantity.ts';
import type { Volume } from './read-host.ts';
import type { Virsh } from './virsh.ts';

/** What the volumes of a domain are called; a disk of another name is not ours to delete. */
export const volumesOf = (domain: string): { readonly disk: string; readonly seed: string } => ({
  disk: `${domain}.qcow2`,
  seed: `${domain}-seed.iso`,
});

/** Makes a disk over the image, which it only reads. @returns its path on the host */
export async function makeDisk(
  spec: LibvirtIaasSpec,
  virsh: Virsh,
  { name, image, base, size }: DiskFacts,
  signal?: AbortSignal,
): Promise<string> {
  const what = `make disk ${name}`;
  const capacity = size ?? base.capacity;
  if (capacity < base.capacity)
    throw new IaasError(
      spec.name,
      'invalid',
      `Cannot ${what} as image ${image} is larger: ${formatBytes(base.capacity)}, not ${formatBytes(capacity)}`,
    );
  const over = [`--backing-vol=${image}`, `--backing-vol-format=${base.format}`];
  return makeVolume(
    spec,
    virsh,
    what,
    [`--name=${name}`, `--capacity=${String(capacity)}`, '--format=qcow2', ...over],
    name,
    signal,
  );
}

export interface DiskFacts {
  readonly name: string;
  readonly image: string;
  readonly base: Volume;
  /** Undefined: the image's own. */
  readonly size: Bytes | undefined;
}

/** Stores a file of ours as a volume. @returns its path on the host */
export async function storeFile(
  spec: LibvirtIaasSpec,
  virsh: Virsh,
  name: string,
  file: string,
  signal?: AbortSignal,
): Promise<string> {
  const what = `store ${name}`;
  const { size } = await stat(file);
  const path = await makeVolume(
    spec,
    virsh,
    what,
    [`--name=${name}`, `--capacity=${String(size)}`, '--format=raw'],
    name,
    signal,
  );
  await virsh.run(what, ['vol-upload', `--pool=${spec.pool}`, `--vol=${name}`, `--file=${file}`], signal);
  return path;
}

/** Ends a volume; no effect when it is gone. */
export async function endVolume(virsh: Virsh, path: string): Promise<void> {
  await virsh.run(`delete ${path}`, ['vol-delete', `--vol=${path}`]).catch((error: unknown) => {
    if (!(error instanceof IaasError) || !/not found|failed to get vol/i.test(error.message)) throw error;
  });
}

async function makeVolume(
  { name: iaas, pool }: LibvirtIaasSpec,
  virsh: Virsh,
  what: string,
  args: readonly string[],
  volume: string,
  signal?: AbortSignal,
): Promise<string> {
  const make = async (): Promise<unknown> => virsh.run(what, ['vol-create-as', `--pool=${pool}`, ...args], signal);
  await make().catch(async (error: unknown) => {
    if (!(error instanceof IaasError) || !/exists already|already exists/i.test(error.message)) throw error;
    // No domain has it: a run was ended before it made one.
    await virsh.run(what, ['vol-delete', `--pool=${pool}`, `--vol=${volume}`], signal);
    await make();
  });
  const path = await virsh.run(what, ['vol-path', `--pool=${pool}`, `--vol=${volume}`], signal);
  if (path.trim().startsWith('/')) return path.trim();
  throw new IaasError(iaas, 'invalid', `Cannot ${what} as pool ${pool} is no directory: ${path.trim()}`);
}
