/** The root file system of a VM that is a process, as small as one can be: busybox as init and as a web server. No sshd, no systemd. */
import { execFile } from 'node:child_process';
import { chmod, copyFile, mkdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

/** Ends at SIGRTMIN+3, by which a VM is asked to halt. */
const INIT = `#!/bin/sh
trap 'exit 0' 37 15
[ -s /var/lib/cloud/seed/nocloud/user-data ] && cp /var/lib/cloud/seed/nocloud/user-data /www/user-data
cp /etc/hostname /www/name
busybox httpd -p 80 -h /www
while :; do sleep 3600 & wait $!; done
`;

/** Makes it as a directory that serves `body` on port 80, its host name at `/name` and its user data at `/user-data`. */
export async function guestImage(directory: string, body: string): Promise<string> {
  for (const name of ['bin', 'sbin', 'etc', 'proc', 'sys', 'dev', 'tmp', 'run', 'var/lib', 'www', 'root'])
    await mkdir(path.join(directory, name), { recursive: true });
  await copyFile('/bin/busybox', path.join(directory, 'bin/busybox'));
  for (const applet of ['sh', 'cp', 'sleep', 'ls', 'httpd'])
    await symlink('busybox', path.join(directory, 'bin', applet));
  await writeFile(path.join(directory, 'www/index.html'), body);
  await writeFile(path.join(directory, 'sbin/init'), INIT);
  await chmod(path.join(directory, 'sbin/init'), 0o755);
  return directory;
}

/** The same as a compressed archive. */
export async function guestArchive(file: string, directory: string): Promise<string> {
  await promisify(execFile)('tar', ['--create', '--gzip', '--file', file, '--directory', directory, '.']);
  return file;
}
