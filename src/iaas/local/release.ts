/** Taking away what the local adapter keeps on the machine beside its VMs, for whoever wants no trace of it. */
import { readdir, rm, rmdir } from 'node:fs/promises';
import path from 'node:path';
import { withKernelLock } from '../../host/kernel-lock.ts';
import type { LocalIaasSpec } from '../../model/iaas/local.ts';
import { BASE_CACHE, NETWORK_LOCK, rootLayout, vmLayout } from './layout.ts';
import { removeNetwork } from './network.ts';
import { removeTree } from './vm-tree.ts';
import { isThere } from './is-there.ts';

export interface Release {
  /** What was removed, for people. */
  readonly removed: readonly string[];
  /** What stays, and why. */
  readonly kept: readonly string[];
}

/**
 * Removes bridge, rules, reservations and the root directory of a local IaaS, once no VM of any project is left in it; while
 * one is, nothing is removed. No effect when nothing is there.
 * @throws IaasError unavailable when a tool refuses
 */
export async function releaseLocal(spec: LocalIaasSpec): Promise<Release> {
  const layout = rootLayout(spec.root);
  return withKernelLock(NETWORK_LOCK, async () => {
    const names = await readdir(layout.vms).catch(() => []);
    const labels = await Promise.all(names.map((name) => isThere(vmLayout(layout, name).record)));
    // One without a label never ran.
    const vms = names.filter((_, i) => labels[i]);
    if (vms.length > 0) return { removed: [], kept: vms.map((vm) => `VM ${vm} in ${layout.vms}`) };
    const there = await isThere(layout.vms);
    // The directory is the operator's choice and may hold more than ours.
    for (const ours of [layout.vms, layout.addresses, layout.locks]) await removeTree(spec.name, ours);
    await rmdir(spec.root).then(
      () => removeEmptyParent(spec.root),
      () => undefined,
    );
    // Last, as it may remove the lock that is held.
    return { removed: [...(await removeNetwork(spec)), ...(there ? [spec.root] : [])], kept: [] };
  });
}

/**
 * Removes the base root file systems that no VM stands on, and half-built ones.
 * @throws IaasError unavailable when one cannot be removed
 */
export async function removeLocalCache(cache: string = BASE_CACHE): Promise<Release> {
  if (!(await isThere(cache))) return { removed: [], kept: [] };
  const lock = path.join(cache, 'lock');
  return withKernelLock(lock, async () => {
    const removed: string[] = [];
    const kept: string[] = [];
    for (const name of await readdir(cache)) {
      const entry = path.join(cache, name);
      if (entry === lock) continue;
      const users = await liveUsers(path.join(entry, 'users'));
      if (users.length > 0) {
        kept.push(`${entry}: used by ${users.join(', ')}`);
        continue;
      }
      await removeTree('local', entry);
      removed.push(entry);
    }
    if (kept.length > 0) return { removed, kept };
    await rm(lock, { force: true });
    await rmdir(cache).catch(() => undefined);
    await removeEmptyParent(cache);
    return { removed, kept };
  });
}

/** VMs whose directory is still there. */
async function liveUsers(directory: string): Promise<readonly string[]> {
  const names = await readdir(directory).catch(() => []);
  const alive = await Promise.all(names.map((name) => isThere(path.join(directory, name))));
  return names.filter((_, i) => alive[i] === true);
}

/** Removes the directory above if it is ours by name and empty. */
async function removeEmptyParent(directory: string): Promise<void> {
  const parent = path.dirname(directory);
  if (path.basename(parent) === 'stratos') await rmdir(parent).catch(() => undefined);
}
