import { expect, test } from 'vitest';
import { renderLimits, renderLxcConfig } from '../../../src/lxc/lxc-config.ts';
import { bytes, cores } from '../../../src/model/quantity.ts';
import { aCartridge, aLaunch, IMAGE_HEX } from './a-launch.ts';

test('renderLxcConfig makes an unprivileged overlay container with a fixed address and MAC', () => {
  expect(renderLxcConfig(aLaunch())).toEqual([
    'lxc.idmap = u 0 100000 65536',
    'lxc.idmap = g 0 100000 65536',
    'lxc.seccomp.profile = /usr/share/lxc/config/common.seccomp',
    'lxc.mount.auto = proc:mixed sys:mixed cgroup:mixed',
    'lxc.pty.max = 1024',
    'lxc.rootfs.options = userxattr',
    'lxc.tty.max = 0',
    'lxc.uts.name = shop-1',
    `lxc.rootfs.path = overlay:/var/lib/stratos/images/${IMAGE_HEX}/rootfs:/var/lib/stratos/processes/shop-1/overlay/delta`,
    'lxc.console.path = none',
    'lxc.init.cmd = /.stratos/init',
    'lxc.net.0.type = veth',
    'lxc.net.0.link = stratosbr0',
    'lxc.net.0.flags = up',
    'lxc.net.0.hwaddr = 02:53:0a:42:00:02',
    'lxc.net.0.ipv4.address = 10.66.0.2/22',
    'lxc.net.0.ipv4.gateway = 10.66.0.1',
    'lxc.mount.entry = /var/lib/stratos/processes/shop-1/stratos .stratos none bind,ro,create=dir 0 0',
    'lxc.mount.entry = /var/lib/stratos/processes/shop-1/stratos/hosts etc/hosts none bind,ro,optional,create=file 0 0',
    'lxc.mount.entry = /var/lib/stratos/resolv.conf etc/resolv.conf none bind,ro,optional,create=file 0 0',
    'lxc.mount.entry = shm dev/shm tmpfs nosuid,nodev,mode=1777,create=dir 0 0',
  ]);
});

test('renderLxcConfig maps ids and takes the shifted image unless the cartridge is privileged', () => {
  const config = renderLxcConfig(aLaunch({ cartridge: aCartridge({ security: { privileged: true } }) })).join('\n');
  expect(config).not.toContain('idmap');
  expect(config).toContain('lxc.include = /usr/share/lxc/config/common.conf');
  expect(config).toContain(`/images/${IMAGE_HEX}/privileged:`);
});

test('renderLxcConfig writes blanks and backslashes of a volume path as fstab has them', () => {
  const volumes = [{ name: 'data', path: '/var/my data\\x' }];
  expect(renderLxcConfig(aLaunch({ cartridge: aCartridge({ volumes }) })).at(-1)).toBe(
    'lxc.mount.entry = /var/lib/stratos/volumes/shop/1/data var/my\\040data\\134x none bind,create=dir 0 0',
  );
});

test.each(['/a\nlxc.idmap = u 0 0 1', '/a/../../etc', '/a\tb', '/'])(
  'renderLxcConfig refuses the volume path %j',
  (path) => {
    const volumes = [{ name: 'data', path }];
    expect(() => renderLxcConfig(aLaunch({ cartridge: aCartridge({ volumes }) }))).toThrow(/Cannot mount the volume/);
  },
);

test('renderLimits says each limit for both cgroup versions, and no CPU quota below 1 ms', () => {
  const cartridge = aCartridge({ resources: { memory: bytes(1024), cpu: cores(0.001), pids: 5 } });
  expect(
    renderLimits(aLaunch({ cartridge })).map(({ controller, version, line }) => [controller, version, line]),
  ).toEqual([
    ['memory', 'v1', 'lxc.cgroup.memory.limit_in_bytes = 1024'],
    ['memory', 'v2', 'lxc.cgroup2.memory.max = 1024'],
    ['cpu', 'v1', 'lxc.cgroup.cpu.cfs_period_us = 100000'],
    ['cpu', 'v1', 'lxc.cgroup.cpu.cfs_quota_us = 1000'],
    ['cpu', 'v2', 'lxc.cgroup2.cpu.max = 1000 100000'],
    ['pids', 'v1', 'lxc.cgroup.pids.max = 5'],
    ['pids', 'v2', 'lxc.cgroup2.pids.max = 5'],
  ]);
});
