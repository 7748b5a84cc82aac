/** libvirt with QEMU on this machine for the time of a test: a network with DHCP, a storage pool, and what is in it. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { bytes, cores, millis } from '../../src/model/quantity.ts';
import type { LibvirtIaasSpec } from '../../src/model/iaas/libvirt.ts';
import type { VmSize } from '../../src/model/vm-size.ts';

const exec = promisify(execFile);

export interface Libvirt extends AsyncDisposable {
  readonly directory: string;
  /** Of machines that get one CPU and no more memory than firmware needs. */
  readonly spec: LibvirtIaasSpec;
  readonly size: VmSize;
  /** libvirt's own client, past the adapter. @returns what it prints */
  virsh(...args: readonly string[]): Promise<string>;
  /** What starts a program where it sees this libvirt at the usual places. */
  readonly inside: readonly string[];
  /** Makes a volume of a file of this machine, whose bytes are those of the disk, or which is in a format of QEMU's. */
  add(name: string, file: string, format?: 'raw' | 'qcow2'): Promise<void>;
}

/** What Debian ships to boot from the network: as a disk it asks for an address, and that is all that it does here. */
export const ASKS_FOR_AN_ADDRESS = '/usr/lib/ipxe/ipxe.iso';

/** Starts it; nothing of it meets another libvirt of this machine. */
export async function libvirt(): Promise<Libvirt> {
  const directory = await mkdtemp(path.join(tmpdir(), 'stratos-virt-'));
  const child = spawn(path.resolve(import.meta.dirname, '../peers/libvirt.sh'), ['serve', directory], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const exited = once(child, 'exit');
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said = `${said}${chunk.toString()}`.slice(-4000);
  });
  const uri = `qemu+unix:///system?socket=${directory}/run/libvirt-sock`;
  const virsh = async (...args: readonly string[]): Promise<string> =>
    (await exec('virsh', ['--quiet', '--connect', uri, ...args])).stdout;
  while (!(await virsh('uri').catch(() => ''))) {
    if (child.exitCode !== null) throw new Error(`libvirt does not start: ${said}`);
    await sleep(100);
  }
  const slot = String(process.pid % 250);
  const pool = path.join(directory, 'pool');
  await mkdir(pool);
  await virsh('pool-create-as', '--name=disks', '--type=dir', `--target=${pool}`);
  const network = path.join(directory, 'network.xml');
  await writeFile(
    network,
    `<network><name>inside</name><forward mode='nat'/><bridge name='stratosv${slot}'/>
<ip address='10.229.${slot}.1' netmask='255.255.255.0'><dhcp><range start='10.229.${slot}.10' end='10.229.${slot}.250'/></dhcp></ip></network>`,
  );
  await virsh('net-create', `--file=${network}`);
  return {
    directory,
    virsh,
    inside: ['nsenter', '--mount', `--target=${String(child.pid)}`],
    async add(name, file, format = 'raw') {
      const { size } = await stat(file);
      await virsh(
        'vol-create-as',
        '--pool=disks',
        `--name=${name}`,
        `--capacity=${String(size)}`,
        `--format=${format}`,
      );
      await virsh('vol-upload', '--pool=disks', `--vol=${name}`, `--file=${file}`, '--sparse');
      // How large the disk is that the file holds.
      await virsh('pool-refresh', '--pool=disks');
    },
    size: { cpu: cores(1), memory: bytes(64 * 2 ** 20) },
    spec: {
      kind: 'libvirt',
      name: 'rack',
      user: 'stratos',
      timeout: millis(120_000),
      concurrency: 4,
      uri,
      pool: 'disks',
      image: 'base.img',
      network: 'inside',
      address: 'lease',
      hypervisor: 'qemu',
      firmware: 'bios',
    },
    async [Symbol.asyncDispose]() {
      for (const name of (await virsh('list', '--name')).split('\n').filter(Boolean)) await virsh('destroy', name);
      await virsh('net-destroy', 'inside');
      child.kill();
      await exited;
      await rm(directory, { recursive: true, force: true });
    },
  };
}
