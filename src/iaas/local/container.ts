/** The LXC configuration of a local VM, as text. */

export interface ContainerSpec {
  /** Host name inside. */
  readonly hostname: string;
  readonly base: string;
  readonly delta: string;
  /** Directory of the machine that becomes /var/lib/stratos. */
  readonly data: string;
  readonly bridge: string;
  readonly veth: string;
  readonly mac: string;
  readonly address: string;
  readonly prefix: number;
  readonly gateway: string;
  /** Bytes. */
  readonly memory: number;
  /** Cores. */
  readonly cpu: number;
  readonly cgroup: 'v1' | 'v2';
}

/** Length of a CPU period in microseconds; the kernel's own default. */
const PERIOD = 100_000;

/** Loop devices, and what gives out free ones. */
const LOOP_DEVICES = ['b 7:* rwm', 'c 10:237 rwm'];

/**
 * Renders a privileged container that can hold containers of its own: systemd inside writes its cgroups, and the host's
 * capabilities stay but for those that would change the machine itself (modules, clock).
 */
export function renderContainer(spec: ContainerSpec): string {
  return `${[
    'lxc.include = /usr/share/lxc/config/common.conf',
    'lxc.include = /usr/share/lxc/config/nesting.conf',
    `lxc.uts.name = ${spec.hostname}`,
    `lxc.rootfs.path = overlay:${spec.base}:${spec.delta}`,
    'lxc.apparmor.profile = unconfined',
    'lxc.mount.auto =',
    'lxc.mount.auto = cgroup:rw:force proc:rw sys:rw',
    `lxc.mount.entry = ${spec.data} var/lib/stratos none bind,create=dir 0 0`,
    // Files as file systems, for disks of processes: the VM's root alone gets at them, as on any machine.
    ...LOOP_DEVICES.map((device) => `lxc.${spec.cgroup === 'v2' ? 'cgroup2' : 'cgroup'}.devices.allow = ${device}`),
    'lxc.mount.entry = /dev/loop-control dev/loop-control none bind,optional,create=file 0 0',
    'lxc.cap.drop =',
    'lxc.cap.drop = sys_module sys_time',
    'lxc.signal.halt = SIGRTMIN+3',
    'lxc.start.auto = 0',
    'lxc.net.0.type = veth',
    `lxc.net.0.link = ${spec.bridge}`,
    `lxc.net.0.veth.pair = ${spec.veth}`,
    'lxc.net.0.name = eth0',
    'lxc.net.0.flags = up',
    `lxc.net.0.hwaddr = ${spec.mac}`,
    `lxc.net.0.ipv4.address = ${spec.address}/${spec.prefix}`,
    `lxc.net.0.ipv4.gateway = ${spec.gateway}`,
    ...limits(spec),
  ].join('\n')}\n`;
}

function limits(spec: ContainerSpec): readonly string[] {
  // The kernel takes no quota under 1 ms.
  const quota = Math.max(1000, Math.round(spec.cpu * PERIOD));
  const memory = Math.round(spec.memory);
  return spec.cgroup === 'v2'
    ? [`lxc.cgroup2.memory.max = ${memory}`, `lxc.cgroup2.cpu.max = ${quota} ${PERIOD}`]
    : [
        `lxc.cgroup.memory.limit_in_bytes = ${memory}`,
        `lxc.cgroup.cpu.cfs_period_us = ${PERIOD}`,
        `lxc.cgroup.cpu.cfs_quota_us = ${quota}`,
      ];
}
