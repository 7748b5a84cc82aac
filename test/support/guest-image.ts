/** The root file system of a VM that is a process, as small as one can be: busybox as init and as a web server. No systemd; an sshd where it is asked for. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

/** Ends at SIGRTMIN+3, by which a VM is asked to halt. */
const INIT = `#!/bin/sh
trap 'exit 0' 37 15
[ -s /var/lib/cloud/seed/nocloud/user-data ] && cp /var/lib/cloud/seed/nocloud/user-data /www/user-data
cp /etc/hostname /www/name
[ "$(head -c 9 /www/user-data)" != '#!/bin/sh' ] || { sh /www/user-data; rm /www/user-data; }
[ ! -e /usr/sbin/sshd ] || { mkdir -p -m 755 /run/sshd && /usr/sbin/sshd; }
busybox httpd -p 80 -h /www
while :; do sleep 3600 & wait $!; done
`;

/** Makes it as a directory that serves `body` on port 80, its host name at `/name` and its user data at `/user-data`. */
export async function guestImage(directory: string, body: string): Promise<string> {
  for (const name of ['bin', 'sbin', 'etc', 'proc', 'sys', 'dev', 'tmp', 'run', 'var/lib', 'www', 'root'])
    await mkdir(path.join(directory, name), { recursive: true });
  await copyFile('/bin/busybox', path.join(directory, 'bin/busybox'));
  for (const applet of [
    'sh',
    'cp',
    'rm',
    'sleep',
    'ls',
    'httpd',
    'cat',
    'head',
    'tail',
    'mkdir',
    'chmod',
    'base64',
    'tty',
  ])
    await symlink('busybox', path.join(directory, 'bin', applet));
  await writeFile(path.join(directory, 'www/index.html'), body);
  await writeFile(path.join(directory, 'sbin/init'), INIT);
  await chmod(path.join(directory, 'sbin/init'), 0o755);
  return directory;
}

/** Files of OpenSSH's server: one program, or since 9.8 three. */
const SSHD = ['/usr/sbin/sshd', '/usr/lib/openssh/sshd-session', '/usr/lib/openssh/sshd-auth'];

/**
 * Puts this machine's own sshd into it, with what it needs. It has no host key: user data that begin with `#!/bin/sh` are run before it
 * starts, and are to bring one; they are not served.
 */
export async function withSshd(directory: string): Promise<string> {
  const programs = SSHD.filter((file) => existsSync(file));
  const { stdout } = await promisify(execFile)('ldd', programs);
  const libraries = Array.from(stdout.matchAll(/(?:=> )?(\/\S+) \(0x/g), ([, file = '']) => file);
  for (const file of new Set([...programs, ...libraries])) {
    const inside = path.join(directory, file);
    await mkdir(path.dirname(inside), { recursive: true });
    await copyFile(file, inside);
  }
  const texts = {
    'etc/passwd': 'root:x:0:0:root:/root:/bin/sh\nsshd:x:100:65534::/run/sshd:/bin/false\n',
    'etc/group': 'root:x:0:\ntty:x:5:\nnogroup:x:65534:\n',
    'etc/ssh/sshd_config':
      'HostKey /etc/ssh/ssh_host_ed25519_key\nUsePAM no\nPasswordAuthentication no\nPermitRootLogin prohibit-password\n',
  };
  for (const [name, text] of Object.entries(texts)) {
    await mkdir(path.dirname(path.join(directory, name)), { recursive: true });
    await writeFile(path.join(directory, name), text);
  }
  return directory;
}

/** The same as a compressed archive. */
export async function guestArchive(file: string, directory: string): Promise<string> {
  await promisify(execFile)('tar', ['--create', '--gzip', '--file', file, '--directory', directory, '.']);
  return file;
}
