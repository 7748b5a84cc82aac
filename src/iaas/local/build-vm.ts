/** Makes and removes what a local VM is made of. All of it can be cut off anywhere and done again. */
import { mkdir, rm, rmdir, symlink } from 'node:fs/promises';
import path from 'node:path';
import { withKernelLock } from '../../host/kernel-lock.ts';
import { IaasError } from '../../model/errors.ts';
import type { MachineRequest } from '../provider.ts';
import { macOf } from './addresses.ts';
import { ensureBase, type Base } from './base.ts';
import { readDistribution } from './distribution.ts';
import { guestBase, type GuestBase } from './guest-base.ts';
import { checkDisk } from './host-check.ts';
import { NETWORK_LOCK, vmLayout } from './layout.ts';
import { stopContainer } from './lxc.ts';
import { readRecord, writeRecord, type MachineRecord } from './machine-record.ts';
import { vethName } from './names.ts';
import { ensureNetwork, forgetNeighbour, removeInterface } from './network.ts';
import { releaseAddress, reserveAddress } from './reservations.ts';
import type { LocalSite } from './site.ts';
import { writeGuestFiles, writeVmFiles } from './vm-files.ts';
import { removeCgroups, removeTree } from './vm-tree.ts';

/**
 * Returns the label of a VM that is complete on the disk: the one that is there, or a new one. A half-made one is made
 * anew at its address. To be called under the VM's lock.
 */
export async function buildVm(site: LocalSite, id: string, request: MachineRequest): Promise<MachineRecord> {
  const { spec, layout, context } = site;
  const files = vmLayout(layout, id);
  const before = await readRecord(files.record);
  if (before && before.lineage !== context.lineage) {
    throw new IaasError(
      spec.name,
      'invalid',
      `Cannot make VM ${request.vm} as its directory is another project's: ${files.directory}`,
    );
  }
  if (before?.phase === 'ready') return before;
  if (before?.phase === 'deleting') await deleteVm(site, id, before);
  await checkDisk(spec);
  const { guest, signal } = request;
  const image = guest?.image ?? spec.image;
  const base: GuestBase =
    image === undefined ? await ensureSiteBase(site, signal) : await guestBase(site, image, signal);
  const record = await withNetworkLock(() => claim(site, id, request, base));
  // What an earlier run got half way with.
  await Promise.all([removeTree(spec.name, path.dirname(files.delta)), removeTree(spec.name, files.data)]);
  await mkdir(files.delta, { recursive: true });
  await mkdir(files.data, { mode: 0o755 });
  if (guest) await writeGuestFiles(files.delta, { hostname: request.vm, userData: guest.userData });
  else
    await writeVmFiles(files.delta, {
      hostname: request.vm,
      hostKey: request.hostKey,
      authorizedKey: request.authorizedKey,
    });
  if (base.users !== undefined) await linkUser(base.users, id, files.directory);
  const ready: MachineRecord = { ...record, phase: 'ready' };
  await writeRecord(files.record, ready);
  return ready;
}

/** Gives a VM its address and its label, in one go as others see it. Under the VM's lock and the network lock. */
async function claim(site: LocalSite, id: string, request: MachineRequest, base: GuestBase): Promise<MachineRecord> {
  const { spec, layout, context } = site;
  const files = vmLayout(layout, id);
  await ensureNetwork(spec);
  await mkdir(files.directory, { recursive: true });
  try {
    const address = await reserveAddress(spec.name, layout, spec.subnet, id);
    const record: MachineRecord = {
      lineage: context.lineage,
      vm: request.vm,
      partition: request.partition,
      iaas: spec.name,
      size: request.size,
      address,
      mac: macOf(address),
      hostKey: request.guest ? (request.guest.hostKey ?? '') : request.hostKey.publicKey.trim(),
      ...(request.guest && { process: request.guest.process }),
      base: base.rootfs,
      phase: 'building',
      createdAt: new Date().toISOString(),
    };
    await writeRecord(files.record, record);
    return record;
  } catch (error) {
    // Only where it is empty: a VM that is half made keeps what it has.
    await rmdir(files.directory).catch(() => undefined);
    throw error;
  }
}

/** Ends a VM and removes all that was made for it, its label last, so that a run cut off here is taken up. Under the VM's lock. */
export async function deleteVm(site: LocalSite, id: string, record: MachineRecord): Promise<void> {
  const { spec, layout } = site;
  const files = vmLayout(layout, id);
  await writeRecord(files.record, { ...record, phase: 'deleting' });
  await stopContainer(spec.name, layout, id, 'kill');
  await removeInterface(spec.name, vethName(id, spec.root));
  await removeCgroups(id);
  await removeTree(spec.name, path.dirname(files.delta));
  await removeTree(spec.name, files.data);
  await rm(path.join(record.base, '..', 'users', id), { force: true });
  await withNetworkLock(async () => {
    await forgetNeighbour(spec, record.address);
    await releaseAddress(layout, id);
  });
  await removeTree(spec.name, files.directory);
}

/** The base of this machine; built when it is not there. */
export async function ensureSiteBase(site: LocalSite, signal?: AbortSignal): Promise<Base> {
  const { spec, context, cache } = site;
  const distribution = await readDistribution();
  if (!distribution) {
    throw new IaasError(
      spec.name,
      'unavailable',
      `Cannot use local IaaS ${spec.name} as it needs Debian or Ubuntu: see /etc/os-release`,
    );
  }
  return ensureBase({ iaas: spec.name, cache, suite: spec.suite, distribution, onStep: context.onStep, signal });
}

/** One change at a time on this machine to bridges and to who has which address. */
export async function withNetworkLock<T>(work: () => Promise<T>): Promise<T> {
  return withKernelLock(NETWORK_LOCK, work);
}

async function linkUser(users: string, id: string, directory: string): Promise<void> {
  await rm(path.join(users, id), { force: true });
  await symlink(directory, path.join(users, id));
}
