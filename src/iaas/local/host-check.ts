/** Whether the operator's machine can hold local VMs. Changes nothing. */
import { access, constants, readFile, statfs } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { IaasError } from '../../model/errors.ts';
import type { LocalIaasSpec } from '../../model/iaas/local.ts';
import { vmCapacity } from './addresses.ts';
import { isThere } from './is-there.ts';
import { readDistribution } from './distribution.ts';

/** Programs that are needed, and the package that has each. */
const PROGRAMS: Readonly<Record<string, string>> = {
  'lxc-start': 'lxc',
  debootstrap: 'debootstrap',
  ip: 'iproute2',
  nft: 'nftables',
  unshare: 'util-linux',
  setpriv: 'util-linux',
  flock: 'util-linux',
  dpkg: 'dpkg',
};
const SBIN = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** Least free disk for a new VM: 1 GiB. */
const LEAST_DISK = 2 ** 30;
/** Magic number of overlayfs in statfs. */
const OVERLAYFS = 0x794c7630;

/**
 * Checks the system, rights, tools, the kernel and the settings, in the order a reader would fix them.
 * @throws IaasError unauthorized, unavailable or invalid, with a hint
 */
export async function checkHost(spec: LocalIaasSpec): Promise<void> {
  const fail = (failure: IaasError['failure'], reason: string, hint: string): never => {
    throw new IaasError(spec.name, failure, `Cannot use local IaaS ${spec.name} as ${reason}`, { hint });
  };
  const instead = `list machines that exist already: iaas: { ${spec.name}: { kind: static, hosts: { … } } }`;
  if (os.platform() !== 'linux') fail('unavailable', `it needs Linux: ${os.platform()}`, instead);
  const uid = os.userInfo().uid;
  if (uid !== 0) fail('unauthorized', `it needs root: uid ${uid}`, `run with sudo, or ${instead}`);
  if (!(await readDistribution())) fail('unavailable', 'it needs Debian or Ubuntu: see /etc/os-release', instead);
  const missing = await missingPrograms();
  if (missing.length > 0) {
    const packages = [...new Set(missing.map((program) => PROGRAMS[program] ?? program))];
    fail('unavailable', `programs are missing: ${missing.join(', ')}`, `apt-get install --yes ${packages.join(' ')}`);
  }
  if (!(await kernelHasOverlay())) fail('unavailable', 'the kernel has no overlay file system', 'modprobe overlay');
  checkSettings(spec);
  if (await isOverlay(spec.root)) {
    fail(
      'invalid',
      `its root is on an overlay itself: ${spec.root}`,
      `set iaas.${spec.name}.root to a directory on a disk`,
    );
  }
  await checkDisk(spec);
}

/** @throws IaasError no-capacity when there is less than 1 GiB free where VMs live */
export async function checkDisk(spec: LocalIaasSpec): Promise<void> {
  const { bavail, bsize } = await statfs(await nearestDirectory(spec.root));
  const free = bavail * bsize;
  if (free >= LEAST_DISK) return;
  throw new IaasError(
    spec.name,
    'no-capacity',
    `Cannot make a local VM as ${spec.root} has less than 1 GiB free: ${Math.floor(free / 2 ** 20)} MiB`,
    { hint: `df -h ${spec.root}` },
  );
}

/** What becomes part of LXC's configuration, of rules and of names: checked before anything is made. @throws IaasError invalid */
export function checkSettings(spec: LocalIaasSpec): void {
  const bad = (key: string, rule: string, value: string): never => {
    throw new IaasError(
      spec.name,
      'invalid',
      `Cannot use local IaaS ${spec.name} as ${key} ${rule}: ${JSON.stringify(value)}`,
      {
        hint: `set iaas.${spec.name}.${key}`,
      },
    );
  };
  if (!/^(\/[\w.@+-]+)+$/.test(spec.root) || spec.root.split('/').includes('..')) {
    bad('root', 'must be an absolute path of letters, digits and ._@+-', spec.root);
  }
  if (!/^[a-z][a-z0-9-]{0,14}$/.test(spec.bridge))
    bad('bridge', 'must be an interface name of at most 15 characters', spec.bridge);
  if (vmCapacity(spec.subnet) < 1 || vmCapacity(spec.subnet) > 2 ** 24) {
    bad('subnet', 'must be an IPv4 CIDR of /8 to /30', spec.subnet);
  }
  if (spec.suite !== undefined && !/^[a-z][a-z0-9-]*$/.test(spec.suite))
    bad('suite', 'must be a suite such as bookworm', spec.suite);
}

async function missingPrograms(): Promise<readonly string[]> {
  const found = await Promise.all(
    Object.keys(PROGRAMS).map(async (program) => {
      const tries = SBIN.map((directory) =>
        access(path.join(directory, program), constants.X_OK).then(
          () => true,
          () => false,
        ),
      );
      return (await Promise.all(tries)).some(Boolean) ? undefined : program;
    }),
  );
  return found.filter((program) => program !== undefined);
}

async function kernelHasOverlay(): Promise<boolean> {
  if (/\toverlay$/m.test(await readFile('/proc/filesystems', 'utf8'))) return true;
  const modules = path.join('/lib/modules', os.release());
  const lists = await Promise.all(
    ['modules.dep', 'modules.builtin'].map((name) => readFile(path.join(modules, name), 'utf8').catch(() => '')),
  );
  return lists.some((list) => list.includes('/overlay.ko'));
}

async function isOverlay(directory: string): Promise<boolean> {
  return (await statfs(await nearestDirectory(directory))).type === OVERLAYFS;
}

/** The directory itself or the lowest of its parents that is there. */
async function nearestDirectory(directory: string): Promise<string> {
  const there = await isThere(directory);
  const parent = path.dirname(directory);
  return there || parent === directory ? directory : nearestDirectory(parent);
}
