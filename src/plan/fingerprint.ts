import { createHash } from 'node:crypto';
import type { CartridgeSpec } from '../model/spec.ts';

/** What a process is made of. */
export interface FingerprintInput {
  /** Manifest digest of its image. */
  readonly image: string;
  readonly cartridge: CartridgeSpec;
  /** Digest of its resolved environment, secrets included. */
  readonly envDigest: string;
  /** IPv4 CIDR its address comes from. */
  readonly network: string;
}

/**
 * Hashes everything that makes a process what it is to 16 hex digits: another fingerprint means that a running process must be
 * replaced. Limits change while it runs (`model/limits.ts`); health checks, names of ports, hosts and rollout are the gateway's or the
 * planner's. They are left out on purpose: changing them restarts nothing.
 */
export function processFingerprint({ image, cartridge, envDigest, network }: FingerprintInput): string {
  const parts = {
    command: cartridge.command ?? null,
    // Whether it has a file system of its own; how large that is changes while it runs.
    ...(cartridge.resources.disk === undefined ? {} : { disk: true }),
    env: envDigest,
    image,
    network,
    // The order counts: a port's place decides which port of the VM it is published on.
    ports: cartridge.ports.map((port) => port.port),
    privileged: cartridge.security.privileged,
    runtime: cartridge.runtime,
    // Where the list of tenants is; what is in it changes without a restart.
    ...(cartridge.tenants ? { tenants: cartridge.tenants.file } : {}),
    volumes: cartridge.volumes
      .map((volume) => [volume.name, volume.path] as const)
      .toSorted(([a], [b]) => (a < b ? -1 : Number(a > b))),
  };
  // Written key by key above, in alphabetical order: the text is canonical as it stands.
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);
}
