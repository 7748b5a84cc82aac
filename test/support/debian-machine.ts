/** Machines with a kernel of their own and cgroup v2 alone: QEMU boots a disk of Debian, by libvirt, emulated. Minutes, where VMs of `local` take seconds. */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { libvirtProvider } from '../../src/iaas/libvirt/libvirt-provider.ts';
import type { LibvirtIaasSpec } from '../../src/model/iaas/libvirt.ts';
import { bytes, cores, millis } from '../../src/model/quantity.ts';
import type { VmSize } from '../../src/model/vm-size.ts';
import { generateHostKey } from '../../src/ssh/key-pair.ts';
import { libvirt, type Libvirt } from './libvirt.ts';
import { machineRequest } from './machine-request.ts';
import type { LabVm } from './runtime-lab.ts';
import { sshTo } from './vm.ts';

/** Enough for Debian with cloud-init and a few small processes. */
export const DEBIAN_SIZE: VmSize = { cpu: cores(2), memory: bytes(2 ** 30) };

/** libvirt whose image is Debian. */
export interface DebianHost extends Libvirt {
  /** An entry of a project's spec, as YAML. */
  readonly entry: string;
}

/** Starts it; the disk is made by the first that asks for it, in two minutes. */
export async function debianHost(): Promise<DebianHost> {
  const script = path.resolve(import.meta.dirname, '../peers/debian-disk.sh');
  const disk = (await promisify(execFile)(script, ['make'], { maxBuffer: 2 ** 26 })).stdout.trim();
  const host = await libvirt();
  await host.add('debian.qcow2', disk, 'qcow2');
  const spec: LibvirtIaasSpec = { ...host.spec, image: 'debian.qcow2', timeout: millis(600_000) };
  const { kind, uri, pool, image, network, hypervisor } = spec;
  return { ...host, spec, size: DEBIAN_SIZE, entry: JSON.stringify({ kind, uri, pool, image, network, hypervisor }) };
}

/** Makes a machine that lets root in, and waits until it has booted. It goes with the host. */
export async function bootDebian(
  host: DebianHost,
  change: Partial<LibvirtIaasSpec> = {},
): Promise<Pick<LabVm, 'endpoint' | 'ssh'>> {
  const { directory } = host;
  const identity = generateHostKey();
  const identityFile = path.join(directory, 'id');
  await writeFile(identityFile, identity.privateKey.reveal(), { mode: 0o600 });
  const spec = { ...host.spec, user: 'root', ...change };
  const provider = libvirtProvider(spec, { lineage: 'lab', env: process.env, onStep: () => undefined });
  const request = await machineRequest(host.size)('vm-1', { authorizedKey: identity.publicKey });
  const { endpoint: found } = await provider.create(request);
  if (!found) throw new Error('the machine has no address');
  const endpoint = { ...found, identityFile };
  const ssh = async (line: string): Promise<string> => sshTo({ directory, identityFile }, endpoint, line);
  await booted(ssh);
  return { endpoint, ssh };
}

/** Waits until the first boot has done all it was told. */
async function booted(ssh: (line: string) => Promise<string>): Promise<void> {
  const patience = performance.now() + 600_000;
  for (;;) {
    try {
      await ssh('cloud-init status --wait >/dev/null');
      return;
    } catch (error) {
      if (performance.now() > patience) throw error;
      await sleep(1000);
    }
  }
}
