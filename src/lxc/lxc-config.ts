/** The LXC configuration of one process. The limits are apart, as the VM's cgroup version decides which lines count. */
import { UsageError } from '../model/errors.ts';
import { BRIDGE, IDMAP, LAYOUT } from './layout.ts';
import { CPU_PERIOD, cpuQuota } from './limits.ts';
import { gatewayAddress, parseCidr, processAddress, processMac } from './network.ts';
import { launchRootfs, type ProcessLaunch } from './process-launch.ts';
import { tenantsPlace } from './tenants.ts';

/** Where the launcher and the log pipe of a process appear inside it. */
export const INSIDE = '/.stratos';

/** One line for each cgroup version; the VM takes the one whose controller it has. */
export interface LimitLine {
  readonly controller: 'memory' | 'cpu' | 'pids';
  readonly version: 'v1' | 'v2';
  readonly line: string;
}

/** Renders everything but limits, user and home, which the VM adds. @throws UsageError for a volume path LXC cannot take */
export function renderLxcConfig(launch: ProcessLaunch): readonly string[] {
  const home = `${LAYOUT.processes}/${launch.name}`;
  const { privileged } = launch.cartridge.security;
  return [
    ...(privileged
      ? ['lxc.include = /usr/share/lxc/config/common.conf']
      : [
          `lxc.idmap = u 0 ${String(IDMAP.first)} ${String(IDMAP.count)}`,
          `lxc.idmap = g 0 ${String(IDMAP.first)} ${String(IDMAP.count)}`,
          'lxc.seccomp.profile = /usr/share/lxc/config/common.seccomp',
          'lxc.mount.auto = proc:mixed sys:mixed cgroup:mixed',
          'lxc.pty.max = 1024',
          // Mounted by the container's root, who may not set the overlay's own attributes: without this no folder of the image can
          // be removed or renamed in it.
          'lxc.rootfs.options = userxattr',
        ]),
    'lxc.tty.max = 0',
    `lxc.uts.name = ${launch.name}`,
    `lxc.rootfs.path = overlay:${launchRootfs(launch)}:${home}/overlay/delta`,
    // Without a console of its own its output goes where lxc-start's goes: to the journal.
    'lxc.console.path = none',
    `lxc.init.cmd = ${INSIDE}/init`,
    'lxc.net.0.type = veth',
    `lxc.net.0.link = ${BRIDGE}`,
    'lxc.net.0.flags = up',
    `lxc.net.0.hwaddr = ${processMac(launch.network, launch.index)}`,
    `lxc.net.0.ipv4.address = ${processAddress(launch.network, launch.index)}/${String(parseCidr(launch.network)?.prefix ?? 32)}`,
    `lxc.net.0.ipv4.gateway = ${gatewayAddress(launch.network)}`,
    // It is known by its address, and may take no other.
    ...(launch.cartridge.resources.egress ? ['lxc.cap.drop = net_admin net_raw'] : []),
    ...(launch.cartridge.resources.bandwidth ? [`lxc.net.0.script.up = ${LAYOUT.bin}/process-shape`] : []),
    `lxc.mount.entry = ${home}/stratos ${INSIDE.slice(1)} none bind,ro,create=dir 0 0`,
    `lxc.mount.entry = ${home}/stratos/hosts etc/hosts none bind,ro,optional,create=file 0 0`,
    `lxc.mount.entry = ${LAYOUT.resolver} etc/resolv.conf none bind,ro,optional,create=file 0 0`,
    'lxc.mount.entry = shm dev/shm tmpfs nosuid,nodev,mode=1777,create=dir 0 0',
    ...(launch.cartridge.tenants
      ? [
          `lxc.mount.entry = ${home}/tenants ${mountWord(tenantsPlace(launch.cartridge.tenants).directory.replace(/^\/+/, ''))} none bind,ro,create=dir 0 0`,
        ]
      : []),
    ...launch.cartridge.volumes.map(
      (volume) =>
        `lxc.mount.entry = ${mountWord(volumeDirectory(launch, volume.name))} ${mountWord(volume.path.replace(/^\/+/, ''))} none bind,create=dir 0 0`,
    ),
  ];
}

/** Limits of the cartridge, in both dialects. */
export function renderLimits(launch: ProcessLaunch): readonly LimitLine[] {
  const { resources } = launch.cartridge;
  const { memory, pids } = resources;
  const quota = cpuQuota(resources);
  return [
    { controller: 'memory', version: 'v1', line: `lxc.cgroup.memory.limit_in_bytes = ${String(memory)}` },
    { controller: 'memory', version: 'v2', line: `lxc.cgroup2.memory.max = ${String(memory)}` },
    { controller: 'cpu', version: 'v1', line: `lxc.cgroup.cpu.cfs_period_us = ${String(CPU_PERIOD)}` },
    { controller: 'cpu', version: 'v1', line: `lxc.cgroup.cpu.cfs_quota_us = ${String(quota)}` },
    { controller: 'cpu', version: 'v2', line: `lxc.cgroup2.cpu.max = ${String(quota)} ${String(CPU_PERIOD)}` },
    { controller: 'pids', version: 'v1', line: `lxc.cgroup.pids.max = ${String(pids)}` },
    { controller: 'pids', version: 'v2', line: `lxc.cgroup2.pids.max = ${String(pids)}` },
  ];
}

/** Directory on the VM that holds a volume of a process. */
export function volumeDirectory(launch: ProcessLaunch, volume: string): string {
  return `${LAYOUT.volumes}/${launch.subscription}/${String(launch.ordinal)}/${volume}`;
}

/** A path as one word of a mount entry, written as fstab has it. @throws UsageError for control characters and steps upwards */
function mountWord(path: string): string {
  if (path === '' || /[\0-\x1f\x7f]/.test(path) || path.split('/').includes('..')) {
    throw new UsageError(`Cannot mount the volume as its path has control characters or "..": ${JSON.stringify(path)}`);
  }
  return path.replaceAll('\\', '\\134').replaceAll(' ', '\\040');
}
