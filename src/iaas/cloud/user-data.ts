/**
 * What a new machine of a cloud is told at its first boot: cloud-init's user data ("cloud config"). It pins the host key, makes our
 * user and installs what preparation would. Written as JSON, which is YAML: no value can break out of its place.
 */
import { gzipSync } from 'node:zlib';
import type { Secret } from '../../model/secret.ts';

export interface FirstBoot {
  /** Host key pair that sshd shall have; its other keys are removed. */
  readonly hostKey: { readonly privateKey: Secret; readonly publicKey: string };
  /** OpenSSH public key that may log in. */
  readonly authorizedKey: string;
  /** Who logs in: `root`, or a user that is made, with sudo without a password. */
  readonly user: string;
  /** The machine's host name: the VM's. */
  readonly hostname: string;
}

/** The smallest of the clouds' limits: EC2 takes 16 kB before base 64. */
export const USER_DATA_LIMIT = 16 * 1024;

/** Renders user data; a secret, as it holds the private host key. */
export function renderUserData({ hostKey, authorizedKey, user, hostname }: FirstBoot): string {
  const config = {
    hostname,
    preserve_hostname: false,
    ssh_deletekeys: true,
    ssh_keys: { ed25519_private: hostKey.privateKey.reveal(), ed25519_public: hostKey.publicKey },
    ssh_pwauth: false,
    disable_root: user !== 'root',
    users: [
      {
        name: user,
        lock_passwd: true,
        ssh_authorized_keys: [authorizedKey],
        ...(user !== 'root' && { shell: '/bin/sh', sudo: 'ALL=(ALL) NOPASSWD:ALL' }),
      },
    ],
  };
  return `#cloud-config\n${JSON.stringify(config, null, 1)}\n`;
}

/** The same as clouds take it: gzip, which cloud-init knows by itself. */
export function packUserData(text: string): Buffer {
  return gzipSync(text, { level: 9 });
}
