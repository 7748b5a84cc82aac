/**
 * What makes a process a container of podman. Folder, network, limits, cgroup and unit of a process are the same as LXC's, so that
 * all that looks at them need not know what runs it; the settings of podman are ours alone, apart from what else is on the VM.
 */
import { UsageError } from '../model/errors.ts';
import { IDMAP, LAYOUT } from './layout.ts';
import { INSIDE, volumeDirectory } from './lxc-config.ts';
import type { RuntimeFiles } from './make-input.ts';
import { launchRootfs, type ProcessLaunch } from './process-launch.ts';
import { stopSignalNumber } from './stop-signal.ts';
import { tenantsPlace } from './tenants.ts';

/** Packages beside those that every VM has: of Debian, of RHEL's family, and a program that shows that it is there. */
export const PODMAN_PACKAGES = 'podman:podman:podman crun:crun:crun';

/** `containers.conf`: what podman is to be for us. Its logs, limits and network are made by the hooks. */
export const CONTAINERS_CONF = `[containers]
http_proxy = false
init = false
log_driver = "passthrough"
no_hosts = true
pids_limit = 0
[engine]
cgroup_manager = "cgroupfs"
detach_keys = ""
events_logger = "none"
# Apart from those of whoever else uses podman here.
lock_type = "file"
runtime = "crun"
static_dir = "${LAYOUT.podman}/containers"
tmp_dir = "${LAYOUT.run}/podman/tmp"
volume_path = "${LAYOUT.podman}/volumes"
[engine.runtimes]
crun = ["${LAYOUT.bin}/podman-crun"]
`;

/** `storage.conf`: root file systems are ours, podman keeps notes only. */
export const STORAGE_CONF = `[storage]
driver = "vfs"
graphroot = "${LAYOUT.podman}/storage"
runroot = "${LAYOUT.run}/podman/storage"
`;

/**
 * What `podman run` is told of a process, one argument a line. Never its environment: that is in the launcher.
 * @throws UsageError for a path that cannot be mounted
 */
function renderOptions(launch: ProcessLaunch): readonly string[] {
  const { name, cartridge, image } = launch;
  const home = `${LAYOUT.processes}/${name}`;
  const map = `0:${String(IDMAP.first)}:${String(IDMAP.count)}`;
  return [
    `--name=${name}`,
    `--hostname=${name}`,
    // The VM has them by other ways: see the hooks.
    '--cgroups=disabled',
    '--cgroupns=private',
    '--network=none',
    `--uidmap=${map}`,
    `--gidmap=${map}`,
    ...(image.run.user === '' ? [] : [`--user=${image.run.user}`]),
    `--stop-signal=${String(stopSignalNumber(image.run.stopSignal))}`,
    // As Docker has it: who is not root may listen on every port of its own network.
    '--sysctl=net.ipv4.ip_unprivileged_port_start=0',
    '--tmpfs=/dev/shm:rw,nosuid,nodev,mode=1777',
    mount(`${home}/stratos`, INSIDE, 'readonly'),
    mount(`${home}/stratos/hosts`, '/etc/hosts', 'readonly'),
    ...(cartridge.tenants ? [mount(`${home}/tenants`, tenantsPlace(cartridge.tenants).directory, 'readonly')] : []),
    ...cartridge.volumes.map((volume) => mount(volumeDirectory(launch, volume.name), volume.path)),
    `--entrypoint=["${INSIDE}/init"]`,
  ];
}

/**
 * What our scripts need of its configuration, in the words of LXC's: its image, its changes, its map of ids. Its limits are added on
 * the VM, and may be changed there.
 */
function renderConfig(launch: ProcessLaunch): readonly string[] {
  const map = `0 ${String(IDMAP.first)} ${String(IDMAP.count)}`;
  return [
    `lxc.rootfs.path = overlay:${launchRootfs(launch)}:${LAYOUT.processes}/${launch.name}/overlay/delta`,
    `lxc.idmap = u ${map}`,
    `lxc.idmap = g ${map}`,
  ];
}

/** What podman, and its hooks, are told. @throws UsageError for a path that cannot be mounted */
export const podmanFiles: RuntimeFiles = (launch) => ({
  config: renderConfig(launch).join('\n'),
  podman: renderOptions(launch).join('\n'),
});

/** One bind mount: its fields are written as CSV has them. @throws UsageError for control characters and steps upwards */
function mount(source: string, target: string, ...more: readonly string[]): string {
  if (/[\0-\x1f\x7f]/.test(target) || target.split('/').includes('..')) {
    throw new UsageError(
      `Cannot mount the volume as its path has control characters or "..": ${JSON.stringify(target)}`,
    );
  }
  return `--mount=${['type=bind', `source=${source}`, `destination=${target}`, ...more].map(field).join(',')}`;
}

function field(text: string): string {
  return /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
