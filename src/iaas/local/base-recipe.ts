/** What is in the base root file system of local VMs. A change here makes a new base; VMs that exist keep theirs. */
import { createHash } from 'node:crypto';

export interface BaseRecipe {
  /** Debian or Ubuntu suite. */
  readonly suite: string;
  /** dpkg's architecture. */
  readonly arch: string;
  /** Whose suite it is; decides the archive's components. */
  readonly family: 'debian' | 'ubuntu';
}

/**
 * What preparation asks for, so that a VM needs no package archive, and what makes it a machine: systemd and sshd. No message bus
 * and so no sessions of systemd: they cost each login several times what sshd itself does, and nobody sits at such a VM.
 */
const PACKAGES = [
  ...['systemd', 'systemd-sysv', 'openssh-server', 'sudo', 'ca-certificates'],
  ...['lxc', 'uidmap', 'rsync', 'haproxy', 'nftables', 'iproute2', 'iputils-ping', 'procps', 'zstd', 'attr', 'openssl'],
  ...['socat', 'curl', 'busybox-static'],
];

/**
 * Units that a VM of seconds does not want: package timers, consoles, services with the distribution's own configuration,
 * udev (it would handle the machine's devices), and what keeps sessions, for which there is no bus.
 */
const MASKED = [
  ...['apt-daily.timer', 'apt-daily-upgrade.timer', 'dpkg-db-backup.timer', 'e2scrub_all.timer', 'fstrim.timer'],
  ...['motd-news.timer', 'e2scrub_reap.service', 'getty.target', 'console-getty.service', 'systemd-pstore.service'],
  ...['haproxy.service', 'lxc.service', 'lxc-net.service', 'lxc-monitord.service', 'user@.service'],
  ...['systemd-logind.service'],
  ...[
    'systemd-udevd.service',
    'systemd-udev-trigger.service',
    'systemd-udevd-control.socket',
    'systemd-udevd-kernel.socket',
  ],
  ...['dev-hugepages.mount', 'systemd-timesyncd.service', 'unattended-upgrades.service', 'ssh.socket'],
];

/** Started at boot whatever the suite does by itself: Ubuntu's starts sshd by a socket, which would need a second start here. */
const ENABLED = ['ssh.service'];

/** Files of ours, by path without the leading slash. */
const FILES: Readonly<Record<string, string>> = {
  // Without it lxc-net waits 30 s for a bridge that preparation does not want.
  'etc/default/lxc-net': 'USE_LXC_BRIDGE="false"\n',
  'etc/ssh/sshd_config.d/50-stratos.conf': 'PermitRootLogin prohibit-password\nPasswordAuthentication no\nUseDNS no\n',
  // The journal is in memory; a chatty process shall not fill the machine's.
  'etc/systemd/journald.conf.d/50-stratos.conf': '[Journal]\nRuntimeMaxUse=64M\n',
  'etc/default/locale': 'LANG=C.UTF-8\n',
  'etc/fstab': '',
  'etc/machine-id': '',
};

/** What package scripts made that each VM must have of its own, or what makes a greeting anew for each login, which nobody reads. */
const REMOVED = ['etc/hostname', 'etc/update-motd.d'];
/** What only takes room, or is each VM's own too: the directory stays. */
const REMOVED_MATCHING: readonly { readonly directory: string; readonly pattern: RegExp }[] = [
  { directory: 'etc/ssh', pattern: /^ssh_host_.*$/ },
  { directory: 'var/cache/apt/archives', pattern: /\.deb$/ },
  { directory: 'var/lib/apt/lists', pattern: /./ },
  { directory: 'var/cache/debconf', pattern: /-old$/ },
];

/** What is done to the tree once its packages are in. */
export const BASE_CONTENTS = {
  masked: MASKED,
  enabled: ENABLED,
  files: FILES,
  removed: REMOVED,
  removedMatching: REMOVED_MATCHING,
};

/** Name of the base in the cache: `bookworm-amd64-3f9a…`. Equal recipes have equal names. */
export function baseKey(recipe: BaseRecipe): string {
  const contents = JSON.stringify([
    debootstrapArgs(recipe),
    MASKED,
    ENABLED,
    FILES,
    REMOVED,
    REMOVED_MATCHING.map((entry) => [entry.directory, entry.pattern.source]),
  ]);
  return `${recipe.suite}-${recipe.arch}-${createHash('sha256').update(contents).digest('hex').slice(0, 12)}`;
}

/** Options of debootstrap; suite, target and mirror follow them. */
export function debootstrapArgs(recipe: BaseRecipe): readonly string[] {
  // Ubuntu has lxc, haproxy's companions and more in universe.
  const components = recipe.family === 'ubuntu' ? 'main,universe' : 'main';
  return [
    `--arch=${recipe.arch}`,
    '--variant=minbase',
    `--components=${components}`,
    `--include=${PACKAGES.join(',')}`,
  ];
}
