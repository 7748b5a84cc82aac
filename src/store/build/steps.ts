/** The steps of a build above its base, each a layer, and what each depends on. */
import { createHash } from 'node:crypto';
import { arch } from 'node:os';
import type { CartridgeCopy, CartridgeFile } from '../cartridge-file.ts';
import type { NewLayer } from '../directory-store.ts';
import { hexOf } from '../reference.ts';
import { listCopies } from './copied-files.ts';
import type { CopiedFile } from './copied-files.ts';

export type BuildStep =
  | { readonly kind: 'packages'; readonly packages: readonly string[] }
  | {
      readonly kind: 'copy';
      readonly copy: CartridgeCopy;
      readonly files: readonly CopiedFile[];
      /** Name of the folder the files travel in. */
      readonly folder: string;
    }
  | { readonly kind: 'run'; readonly command: string };

/** What a step stands on. */
export interface Below {
  readonly layers: readonly NewLayer[];
  /** Variables of commands. */
  readonly env: Readonly<Record<string, string>>;
  /** Newest time of files, in seconds. */
  readonly epoch: number;
}

/** Raised when the same step would make another layer than before. */
const FORMAT = 1;

/** Packages, then copies, then commands, as they stand in the file. @throws NotFoundError, StoreError for files that cannot be copied */
export async function stepsOf(file: CartridgeFile, home: string): Promise<readonly BuildStep[]> {
  const { packages, copy, run } = file;
  const copies = copy.map(async (entry, i): Promise<BuildStep> => {
    return { kind: 'copy', copy: entry, files: await listCopies(home, [entry]), folder: `copy-${String(i + 1)}` };
  });
  return [
    ...(packages.length > 0 ? [{ kind: 'packages', packages } as const] : []),
    ...(await Promise.all(copies)),
    ...run.map((command) => ({ kind: 'run', command }) as const),
  ];
}

/** One line for people and for the history of the image. */
export function titleOf(step: BuildStep): string {
  if (step.kind === 'packages') return `packages ${step.packages.join(' ')}`;
  if (step.kind === 'copy') return `copy ${step.copy.from} to ${step.copy.to}`;
  const lines = step.command.trim().split('\n');
  return `run ${lines[0] ?? ''}${lines.length > 1 ? ' …' : ''}`;
}

/** Everything that decides what layer a step makes, as one digest. */
export function stepKey(step: BuildStep, { layers, env, epoch }: Below): string {
  const what =
    step.kind === 'copy'
      ? { files: step.files.map(({ source: _, ...file }) => file) }
      : { env: Object.entries(env).sort(([a], [b]) => (a < b ? -1 : 1)), ...step };
  return createHash('sha256')
    .update(JSON.stringify([FORMAT, arch(), chainOf(layers), epoch, step.kind, what]))
    .digest('hex');
}

/** The chain id of layers, as OCI defines it, in hexadecimal digits: which tree they make, one upon the other. */
export function chainOf(layers: readonly NewLayer[]): string {
  return layers.reduce((chain, { diffId }, i) => {
    if (i === 0) return hexOf(diffId);
    return createHash('sha256').update(`sha256:${chain} ${diffId}`).digest('hex');
  }, '');
}
