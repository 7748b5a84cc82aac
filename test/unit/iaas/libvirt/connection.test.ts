import { describe, expect, it } from 'vitest';
import { connectionUri, knownHostsOf } from '../../../../src/iaas/libvirt/connection.ts';
import { failureOf, wordsOf } from '../../../../src/iaas/libvirt/failures.ts';
import { millis } from '../../../../src/model/quantity.ts';
import type { LibvirtIaasSpec } from '../../../../src/model/iaas/libvirt.ts';

const spec: LibvirtIaasSpec = {
  kind: 'libvirt',
  name: 'rack',
  user: 'ops',
  timeout: millis(1000),
  concurrency: 1,
  uri: 'qemu:///system',
  pool: 'default',
  image: 'base.qcow2',
  network: 'default',
  address: 'lease',
  hypervisor: 'kvm',
  firmware: 'bios',
};
const host = { address: 'kvm1', port: 22, user: 'root', hostKeys: ['ssh-ed25519 AAAA', 'ssh-rsa BBBB'] };

describe('connectionUri', () => {
  it('is the spec’s without a host', () => {
    expect(connectionUri(spec, '/tmp/known')).toBe('qemu:///system');
    expect(knownHostsOf(spec)).toBe('');
  });

  it('goes to a host by libvirt’s SSH client, which believes our file alone', () => {
    expect(connectionUri({ ...spec, host }, '/tmp/a b')).toBe(
      'qemu+libssh://root@kvm1:22/system?known_hosts=%2Ftmp%2Fa%20b&known_hosts_verify=normal&sshauth=agent,privkey&no_tty=1',
    );
    expect(knownHostsOf({ ...spec, host })).toBe('kvm1 ssh-ed25519 AAAA\nkvm1 ssh-rsa BBBB\n');
  });

  it('keeps the other SSH client, options, user, port and key of the spec', () => {
    const change = { ...host, address: '2001:db8::1', port: 2222, user: 'a@b', key: '/keys/id' };
    const uri = connectionUri({ ...spec, uri: 'qemu+libssh2:///session?mode=direct', host: change }, '/k');
    expect(uri).toBe(
      'qemu+libssh2://a%40b@[2001:db8::1]:2222/session?mode=direct&known_hosts=%2Fk&known_hosts_verify=normal&sshauth=privkey&keyfile=%2Fkeys%2Fid&no_tty=1',
    );
    expect(knownHostsOf({ ...spec, host: change })).toContain('[2001:db8::1]:2222 ssh-ed25519 AAAA\n');
  });
});

/** As libvirt 9.0 said them. */
const SAID: readonly (readonly [string, string])[] = [
  ["error: failed to get domain 'web-1'\n", 'not-found'],
  [
    "error: Failed to start domain 'a'\nerror: internal error: process exited: cannot set up guest memory 'pc.ram': Cannot allocate memory",
    'no-capacity',
  ],
  ['error: Failed to create vol a.qcow2\nerror: cannot extend file: No space left on device', 'no-capacity'],
  ['error: Failed to create vol a\nerror: cannot create path: Disk quota exceeded', 'quota'],
  [
    "error: failed to connect to the hypervisor\nerror: authentication failed: !!! SSH HOST KEY VERIFICATION FAILED !!!: Identity of host 'a' differs",
    'unauthorized',
  ],
  [
    "error: failed to connect to the hypervisor\nerror: libssh transport error: SSH host key for '127.0.0.1' (96:e6) was not accepted",
    'unauthorized',
  ],
  [
    "error: failed to connect to the hypervisor\nerror: libssh transport error: failed to authenticate: Access denied for 'publickey'",
    'unauthorized',
  ],
  [
    "error: failed to connect to the hypervisor\nerror: Failed to connect socket to '/run/libvirt/libvirt-sock': Permission denied",
    'unauthorized',
  ],
  [
    "error: failed to connect to the hypervisor\nerror: unable to connect to server at '127.0.0.1:2298': Connection refused",
    'unavailable',
  ],
  ['error: failed to connect to the hypervisor\nerror: no connection driver available for foo:///x', 'invalid'],
  ["error: failed to get pool 'zz'\nerror: Storage pool not found: no storage pool with matching name 'zz'", 'invalid'],
  ["error: failed to get vol 'zz'\nerror: Storage volume not found: no storage vol with matching path 'zz'", 'invalid'],
  [
    "error: Failed to start domain 'x1'\nerror: Requested operation is not valid: network 'lab' is not active",
    'invalid',
  ],
  ["error: operation failed: domain 'x' already exists with uuid 3c3f", 'unavailable'],
  ['error: Cannot recv data: Connection reset by peer', 'unavailable'],
];

describe('failureOf', () => {
  it.each(SAID)('%j is %s', (stderr, failure) => {
    expect(failureOf('rack', 'start machine 1', stderr).failure).toBe(failure);
  });

  it('says all that was said, on one line', () => {
    expect(wordsOf('error: one\n\nerror: two\n')).toBe('one; two');
    expect(failureOf('rack', 'start machine 1', '').message).toBe(
      'Cannot start machine 1 as libvirt of rack refuses (unavailable): it says no more',
    );
  });
});
