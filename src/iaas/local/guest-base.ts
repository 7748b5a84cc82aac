/** The root file system of a VM that is a process: the cartridge's image, a directory or an archive of one on this machine. */
import { createHash } from 'node:crypto';
import { mkdir, rename, stat } from 'node:fs/promises';
import path from 'node:path';
import { withKernelLock } from '../../host/kernel-lock.ts';
import { IaasError } from '../../model/errors.ts';
import { isThere } from './is-there.ts';
import { run } from './run.ts';
import type { LocalSite } from './site.ts';
import { removeTree } from './vm-tree.ts';

export interface GuestBase {
  readonly rootfs: string;
  /** Where the links of the VMs are that stand on it; undefined where the directory is the operator's own. */
  readonly users?: string;
}

/**
 * Where the image is as a directory. A directory is taken as it is, and must stay as it is as long as VMs stand on it; an archive is
 * unpacked once for each change of the file, beside the bases of this machine.
 * @throws IaasError invalid when it is neither
 */
export async function guestBase(site: LocalSite, image: string, signal?: AbortSignal): Promise<GuestBase> {
  const { spec, cache, context } = site;
  const fail = (why: string): never => {
    throw new IaasError(spec.name, 'invalid', `Cannot use image ${image} on ${spec.name} as ${why}`, {
      hint: `stratos doctor`,
    });
  };
  // What LXC and overlayfs take for separators cannot be said to them in a path.
  if (!path.isAbsolute(image) || /[:,\s\\]/.test(image))
    fail(
      'it must be the absolute path of a root file system, a directory or a tar archive, without spaces, ":" and ","',
    );
  const found = await stat(image).catch(() => undefined);
  if (!found) return fail('there is no such file');
  if (found.isDirectory()) return { rootfs: image };
  const key = createHash('sha256').update(`${image}\n${found.size}\n${found.mtimeMs}`).digest('hex').slice(0, 16);
  const directory = path.join(cache, `image-${key}`);
  const base = { rootfs: path.join(directory, 'rootfs'), users: path.join(directory, 'users') };
  await mkdir(cache, { recursive: true });
  await withKernelLock(
    path.join(cache, 'lock'),
    async () => {
      if (await isThere(directory)) return;
      context.onStep(`unpacking ${image}`);
      const building = path.join(cache, `.building-image-${key}`);
      await removeTree(spec.name, building);
      await mkdir(path.join(building, 'rootfs'), { recursive: true });
      await mkdir(path.join(building, 'users'));
      const args = ['--extract', '--numeric-owner', '--file', image, '--directory', path.join(building, 'rootfs')];
      await run(spec.name, `unpack ${image}`, 'tar', args, { signal });
      await rename(building, directory);
    },
    { signal },
  );
  return base;
}
