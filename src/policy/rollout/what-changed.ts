/** What differs between two revisions, in words. */
import type { EnvValue } from '../../model/secret-ref.ts';
import type { CartridgeSpec } from '../../model/spec.ts';

/** What a revision is made of. */
export interface Making {
  /** Manifest digest. */
  readonly image: string;
  /** Digest of the environment. */
  readonly environment: string;
  /** With the subscription's environment in it. */
  readonly cartridge: CartridgeSpec;
}

/** Says what is other in `after`; never empty. */
export function whatChanged(before: Making, after: Making): string {
  const [a, b] = [before.cartridge, after.cartridge];
  const parts = [
    ...(a.name === b.name ? [] : [`cartridge ${a.name} → ${b.name}`]),
    ...imageChange(before, after),
    ...environmentChange(before, after),
    ...OTHERS.filter((key) => JSON.stringify(a[key] ?? null) !== JSON.stringify(b[key] ?? null)).map(
      (key) => `${WORDS[key] ?? key} changed`,
    ),
  ];
  return parts.length === 0 ? 'what its processes are made of changed' : parts.join(', ');
}

/** What restarts processes when it changes, besides image and environment. */
const OTHERS = ['command', 'ports', 'volumes', 'security', 'runtime', 'partition'] as const;
const WORDS: Readonly<Record<string, string>> = { security: 'privileges' };

function imageChange(before: Making, after: Making): readonly string[] {
  if (before.image === after.image) return [];
  const [from, to] = [before.cartridge.image, after.cartridge.image];
  return [from === to ? `image ${to} moved to ${shortDigest(after.image)}` : `image ${from} → ${to}`];
}

/** `sha256:` and the first 12 digits. */
export function shortDigest(digest: string): string {
  return digest.slice(0, 'sha256:'.length + 12);
}

function environmentChange(before: Making, after: Making): readonly string[] {
  if (before.environment === after.environment) return [];
  const [a, b] = [before.cartridge.env, after.cartridge.env];
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])].sort();
  const changed = names.filter((name) => textOf(a[name]) !== textOf(b[name]));
  return [changed.length === 0 ? 'a secret changed' : `environment: ${changed.join(', ')}`];
}

function textOf(value: EnvValue | undefined): string {
  return JSON.stringify(value ?? null);
}
