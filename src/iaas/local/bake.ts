/** An image of a VM: its root file system as an archive beside the VMs, which `image` of the spec takes. */
import { mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { IaasError } from '../../model/errors.ts';
import { runningContainers } from './lxc.ts';
import { vmLayout } from './layout.ts';
import { lastLines, tryRun } from './run.ts';
import type { LocalSite } from './site.ts';

const IN_VM = '/var/lib/stratos/.image.tar';
const PATH = 'PATH=/usr/sbin:/usr/bin:/sbin:/bin';
/** What may be a file's name, and cannot be taken for an option or a path. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/;

/**
 * Archives what is in a VM, as the VM sees it; what is mounted in it is not in the image: file systems of the kernel, and what Stratos
 * keeps. Whole or not at all.
 * @returns the archive's path @throws IaasError invalid, unavailable
 */
export async function bakeImage(
  { spec, layout, context }: LocalSite,
  id: string,
  name: string,
  signal?: AbortSignal,
): Promise<string> {
  const what = `make image ${name} of VM ${id}`;
  if (!NAME.test(name))
    throw new IaasError(
      spec.name,
      'invalid',
      `Cannot ${what} as a name is of letters, digits, "_", "." and "-": ${JSON.stringify(name)}`,
    );
  if (!(await runningContainers(layout))(id))
    throw new IaasError(spec.name, 'unavailable', `Cannot ${what} as it does not run`, { hint: 'stratos reconcile' });
  context.onStep(`copying the root file system of ${id}`);
  await mkdir(layout.images, { recursive: true, mode: 0o700 });
  const file = path.join(layout.images, `${name}.tar`);
  // Mounted in the VM, where it is written, and so not in the image.
  const building = path.join(vmLayout(layout, id).data, '.image.tar');
  const inside = ['--numeric-owner', '--one-file-system', '--directory', '/', '--file', IN_VM, '.'];
  const attach = ['-P', layout.vms, '-n', id, '--clear-env', '-v', PATH, '--', 'tar', '--create', ...inside];
  try {
    const { status, all } = await tryRun(spec.name, 'lxc-attach', attach, { signal });
    // 1: a file, such as a log, changed while it was read.
    if (status > 1)
      throw new IaasError(spec.name, 'unavailable', `Cannot ${what} as tar stopped: ${lastLines(all, 2)}`);
    await rename(building, file);
  } finally {
    await rm(building, { force: true });
  }
  return file;
}
