/** Architectures, as OCI names them. */
import { arch as machineArch } from 'node:os';
import { StoreError } from '../model/errors.ts';
import type { Descriptor } from './oci.ts';

/** This machine's architecture as OCI names it. */
export function ociArchitecture(): string {
  const name = machineArch();
  return name === 'x64' ? 'amd64' : name;
}

/** The manifest of an index that is for `architecture`. @throws StoreError naming those there are */
export function chooseFrom(manifests: readonly Descriptor[], architecture: string, where: string): Descriptor {
  const usable = manifests.filter((entry) => (entry.platform?.os ?? 'linux') === 'linux');
  const chosen =
    usable.find((entry) => entry.platform?.architecture === architecture) ??
    (manifests.length === 1 && manifests[0]?.platform === undefined ? manifests[0] : undefined);
  if (chosen) return chosen;
  const known = [...new Set(manifests.map(platformOf).filter((name) => name !== ''))];
  throw new StoreError(
    `Cannot use the image as it is not for this architecture (${architecture}): ${where} has ${known.join(', ') || 'none'}`,
  );
}

/** `amd64`, `arm/v7`, `windows/amd64`; empty where an entry of an index does not say. */
function platformOf({ platform }: Descriptor): string {
  const os = platform?.os === undefined || platform.os === 'linux' ? [] : [platform.os];
  return [...os, platform?.architecture, platform?.variant].filter((part) => part !== undefined).join('/');
}
