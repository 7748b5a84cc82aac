import { describe, expect, it } from 'vitest';
import { renderContainer, type ContainerSpec } from '../../../src/iaas/local/container.ts';

const spec: ContainerSpec = {
  hostname: 'web-1',
  base: '/var/cache/base/rootfs',
  delta: '/srv/vms/x/overlay/delta',
  data: '/srv/vms/x/data',
  bridge: 'stratos0',
  veth: 'stv0123456789',
  mac: '02:53:0a:d1:00:02',
  address: '10.209.0.2',
  prefix: 16,
  gateway: '10.209.0.1',
  memory: 2 ** 31,
  cpu: 1.5,
  cgroup: 'v1',
};

describe('renderContainer', () => {
  it('gives a VM its disk, its network and its name', () => {
    const lines = renderContainer(spec).split('\n');
    expect(lines).toContain('lxc.uts.name = web-1');
    expect(lines).toContain('lxc.rootfs.path = overlay:/var/cache/base/rootfs:/srv/vms/x/overlay/delta');
    expect(lines).toContain('lxc.mount.entry = /srv/vms/x/data var/lib/stratos none bind,create=dir 0 0');
    expect(lines).toContain('lxc.net.0.ipv4.address = 10.209.0.2/16');
    expect(lines).toContain('lxc.net.0.hwaddr = 02:53:0a:d1:00:02');
  });

  it('limits memory and CPU by the cgroup version that is there', () => {
    const v1 = renderContainer(spec);
    expect(v1).toContain('lxc.cgroup.memory.limit_in_bytes = 2147483648\n');
    expect(v1).toContain('lxc.cgroup.cpu.cfs_quota_us = 150000\n');
    expect(v1).not.toContain('cgroup2');
    const v2 = renderContainer({ ...spec, cgroup: 'v2' });
    expect(v2).toContain('lxc.cgroup2.memory.max = 2147483648\n');
    expect(v2).toContain('lxc.cgroup2.cpu.max = 150000 100000\n');
    expect(v2).not.toContain('lxc.cgroup.');
  });

  it('asks for no quota that the kernel refuses', () => {
    expect(renderContainer({ ...spec, cpu: 0.001 })).toContain('cfs_quota_us = 1000\n');
  });

  it('keeps the clock and the modules of the machine out of reach', () => {
    expect(renderContainer(spec)).toContain('lxc.cap.drop = sys_module sys_time\n');
  });
});
