/** What a VM has of its own, written into the upper layer of its root file system before it starts. */
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import type { MachineRequest } from '../provider.ts';

export interface VmFiles {
  readonly hostname: string;
  readonly hostKey: MachineRequest['hostKey'];
  readonly authorizedKey: string;
}

/** Writes identity, host key and the key that may log in. Only into a delta that no running VM has mounted. */
export async function writeVmFiles(delta: string, files: VmFiles): Promise<void> {
  const type = hostKeyType(files.hostKey.publicKey);
  const put = async (name: string, text: string, mode = 0o644): Promise<void> => {
    const file = path.join(delta, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, text, { mode });
    await chmod(file, mode);
  };
  // Shared, it would give all VMs the same MAC addresses for what they make themselves.
  await put('etc/machine-id', `${randomUUID().replaceAll('-', '')}\n`);
  await put('etc/hostname', `${files.hostname}\n`);
  await put('etc/hosts', `127.0.0.1 localhost\n127.0.1.1 ${files.hostname}\n::1 localhost ip6-localhost\n`);
  await put(`etc/ssh/ssh_host_${type}_key`, withNewline(files.hostKey.privateKey.reveal()), 0o600);
  await put(`etc/ssh/ssh_host_${type}_key.pub`, withNewline(files.hostKey.publicKey));
  // Naming it keeps sshd from offering any other that a package script might make.
  await put('etc/ssh/sshd_config.d/40-stratos-host-key.conf', `HostKey /etc/ssh/ssh_host_${type}_key\n`);
  await put('root/.ssh/authorized_keys', withNewline(files.authorizedKey), 0o600);
  await chmod(path.join(delta, 'root/.ssh'), 0o700);
  await chmod(path.join(delta, 'root'), 0o700);
  await writeResolver(delta);
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
