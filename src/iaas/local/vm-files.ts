/** What a VM has of its own, written into the upper layer of its root file system before it starts. */
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import type { Secret } from '../../model/secret.ts';
import type { MachineRequest } from '../provider.ts';

export interface VmFiles {
  readonly hostname: string;
  readonly hostKey: MachineRequest['hostKey'];
  readonly authorizedKey: string;
}

/** Writes identity, host key and the key that may log in. Only into a delta that no running VM has mounted. */
export async function writeVmFiles(delta: string, files: VmFiles): Promise<void> {
  const type = hostKeyType(files.hostKey.publicKey);
  const put = writer(delta);
  await writeIdentity(delta, files.hostname);
  await put(`etc/ssh/ssh_host_${type}_key`, withNewline(files.hostKey.privateKey.reveal()), 0o600);
  await put(`etc/ssh/ssh_host_${type}_key.pub`, withNewline(files.hostKey.publicKey));
  // Naming it keeps sshd from offering any other that a package script might make.
  await put('etc/ssh/sshd_config.d/40-stratos-host-key.conf', `HostKey /etc/ssh/ssh_host_${type}_key\n`);
  await put('root/.ssh/authorized_keys', withNewline(files.authorizedKey), 0o600);
  await chmod(path.join(delta, 'root/.ssh'), 0o700);
  await chmod(path.join(delta, 'root'), 0o700);
}

export interface GuestFiles {
  readonly hostname: string;
  /** The cartridge's own, for an image with cloud-init or with something of its own that reads it. Undefined: none. */
  readonly userData: Secret | undefined;
}

/** Writes what a VM that is a process is told: who it is, and its user data where cloud-init looks for it. No user, no key. */
export async function writeGuestFiles(delta: string, { hostname, userData }: GuestFiles): Promise<void> {
  const put = writer(delta);
  await writeIdentity(delta, hostname);
  // cloud-init's "NoCloud" source.
  const seed = 'var/lib/cloud/seed/nocloud';
  await put(`${seed}/meta-data`, `${JSON.stringify({ 'instance-id': hostname, 'local-hostname': hostname })}\n`);
  await put(`${seed}/user-data`, userData?.reveal() ?? '', 0o600);
}

async function writeIdentity(delta: string, hostname: string): Promise<void> {
  const put = writer(delta);
  // Shared, it would give all VMs the same MAC addresses for what they make themselves.
  await put('etc/machine-id', `${randomUUID().replaceAll('-', '')}\n`);
  await put('etc/hostname', `${hostname}\n`);
  await put('etc/hosts', `127.0.0.1 localhost\n127.0.1.1 ${hostname}\n::1 localhost ip6-localhost\n`);
  await writeResolver(delta);
}

function writer(delta: string): (name: string, text: string, mode?: number) => Promise<void> {
  return async (name, text, mode = 0o644) => {
    const file = path.join(delta, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, text, { mode });
    await chmod(file, mode);
  };
}

/** Gives the VM the machine's name servers as they are now; those on the machine's own loopback are out of its reach. */
export async function writeResolver(delta: string): Promise<void> {
  const upstream = await readFile('/run/systemd/resolve/resolv.conf', 'utf8').catch(() => undefined);
  const text = upstream ?? (await readFile('/etc/resolv.conf', 'utf8').catch(() => ''));
  const lines = text.split('\n').filter((line) => /^(nameserver|search|options)\s/.test(line));
  const reachable = lines.filter((line) => !/^nameserver\s+(127\.|::1)/.test(line));
  await mkdir(path.join(delta, 'etc'), { recursive: true });
  await writeFile(path.join(delta, 'etc/resolv.conf'), reachable.map((line) => `${line}\n`).join(''));
}

function hostKeyType(publicKey: string): 'ed25519' | 'ecdsa' | 'rsa' {
  if (publicKey.startsWith('ssh-rsa ')) return 'rsa';
  return publicKey.startsWith('ecdsa-') ? 'ecdsa' : 'ed25519';
}

function withNewline(text: string): string {
  return text.endsWith('\n') ? text : `${text}\n`;
}
