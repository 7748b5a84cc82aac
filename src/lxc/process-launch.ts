/** Everything that makes a process what it is: what `lxc/` needs to build its container, and nothing to look up. */
import { UsageError } from '../model/errors.ts';
import type { Image } from '../model/image.ts';
import type { Secret } from '../model/secret.ts';
import type { CartridgeSpec } from '../model/spec.ts';
import { IDMAP, LAYOUT } from './layout.ts';

export interface ProcessLaunch {
  /** `<alias>-<ordinal>`: name of the container. */
  readonly name: string;
  readonly subscription: string;
  readonly ordinal: number;
  /** Number on its VM, from 1. */
  readonly index: number;
  /** IPv4 CIDR of the processes on the VM. */
  readonly network: string;
  readonly lineage: string;
  readonly image: Image;
  readonly fingerprint: string;
  readonly cartridge: CartridgeSpec;
  /** The subscription's and the cartridge's environment, resolved. */
  readonly env: Readonly<Record<string, string | Secret>>;
  /** What the file of its tenants says; only where the cartridge serves tenants. */
  readonly tenants?: string;
}

/** Directory of an image on a VM, from its manifest digest. @throws UsageError when it is no sha256 digest */
export function imageDirectory(digest: string): string {
  const hex = /^sha256:([0-9a-f]{8,64})$/.exec(digest)?.[1];
  if (hex === undefined) throw new UsageError(`Cannot use the image as its digest is not sha256: ${digest}`);
  return `${LAYOUT.images}/${hex}`;
}

/** Root file system a launch stands on: shifted to the id map, or as it is for a privileged cartridge. */
export function launchRootfs(launch: ProcessLaunch): string {
  return `${imageDirectory(launch.image.digest)}/${launch.cartridge.security.privileged ? 'privileged' : 'rootfs'}`;
}

/** Id on the VM of the container's root. */
export function mappedRoot(launch: ProcessLaunch): number {
  return launch.cartridge.security.privileged ? 0 : IDMAP.first;
}

/** The same name if it can be a container, a unit and a path: lower case letters, digits and dashes, at most 63. @throws UsageError */
export function checkedName(name: string): string {
  if (!/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name)) {
    throw new UsageError(
      `Cannot use the process name as it has other than lower case letters, digits and dashes: ${JSON.stringify(name)}`,
    );
  }
  return name;
}
