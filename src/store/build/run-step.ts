/** Runs one step on the builder and takes its layer into the store. */
import { IDMAP } from '../../lxc/layout.ts';
import { quote } from '../../shell/quote.ts';
import { StoreError } from '../../model/errors.ts';
import type { DirectoryStore, NewLayer } from '../directory-store.ts';
import { MEDIA } from '../oci.ts';
import packText from '../scripts/pack-layer.sh';
import stepText from '../scripts/build-step.sh';
import type { Builder, Workspace } from './builder.ts';
import { stageCopies } from './copied-files.ts';
import { toolFailure } from './run-tool.ts';
import { chainOf, titleOf } from './steps.ts';
import type { Below, BuildStep } from './steps.ts';

export interface StepOptions {
  readonly builder: Builder;
  readonly workspace: Workspace;
  readonly store: DirectoryStore;
  readonly below: Below;
  /** Folders on the builder that hold the layers below, topmost first. */
  readonly lowers: readonly string[];
  readonly onOutput: (line: string) => void;
  readonly signal: AbortSignal | undefined;
  /** Called when a command fails, while its container is still there; `shell` connects the terminal to it. */
  readonly onFailure?: ((shell: () => Promise<number>) => Promise<void>) | undefined;
}

export interface StepResult {
  readonly layer: NewLayer;
  /** Where what the step changed is on the builder, for the next one to stand on. */
  readonly delta: string;
}

/** What our scripts say about a layer they packed, digests in hexadecimal digits. */
export interface PackedLayer {
  readonly digest: string;
  readonly size: number;
  readonly diffId: string;
  readonly unpackedSize: number;
}

/** Where scripts/build-step.sh has its container. */
const CONTAINERS = '/var/lib/lxc/build';

/** Runs the step. @throws StoreError with the last lines of a command that failed; HostError, UnreachableError, InterruptedError */
export async function runStep(step: BuildStep, options: StepOptions): Promise<StepResult> {
  const { builder, workspace, store, below, lowers, onOutput, signal, onFailure } = options;
  const { name, folder } = workspace;
  const title = step.kind === 'run' ? `run ${quote(step.command.trim())}` : titleOf(step);
  if (step.kind === 'copy') {
    await stageCopies(step, workspace.local);
    await builder.send(workspace, [step.folder], signal);
  }
  const layers = `${builder.cache}/layers`;
  const common = [folder, name, layers, chainOf(below.layers), IDMAP.first, IDMAP.count, below.epoch];
  const words = [...common, onFailure ? 'hold' : 'end', ...lowers, '--', ...verbOf(step)];
  let packed: (PackedLayer & { readonly chain: string }) | undefined;
  let failed: number | undefined;
  let looking: Promise<void> = Promise.resolve();
  const onAnswer = (line: string): void => {
    if (!line.startsWith('{')) return;
    const answer = JSON.parse(line) as PackedLayer & { readonly chain: string; readonly failed?: number };
    if (answer.failed === undefined) packed = answer;
    else {
      failed = answer.failed;
      if (onFailure) looking = lookInto(options, onFailure);
    }
  };
  const argv = ['unshare', '--mount', 'sh', '-c', `${packText}\n${stepText}`, 'sh', ...words] as const;
  const ended = await builder.exec(title, argv, { onLine: onOutput, onAnswer, signal });
  await looking;
  if (failed !== undefined) throw toolFailure(title, failed, ended.tail);
  if (ended.status !== 0 || !packed) throw toolFailure(title, ended.status, ended.tail);
  const layer = await takeLayer(builder, store, packed, `${layers}/${packed.chain}/layer`, signal);
  return { layer, delta: `${layers}/${packed.chain}/delta` };
}

/** Lets somebody look into the container of a failed command, then lets the step end. */
async function lookInto(
  { builder, workspace, signal }: StepOptions,
  onFailure: (shell: () => Promise<number>) => Promise<void>,
): Promise<void> {
  const { folder, name } = workspace;
  const text = 'cd "$1" && . ./setup/env && exec lxc-attach -P "$2" -n "$3" -- /bin/sh -i';
  try {
    await onFailure(() => builder.attach(['sh', '-c', text, 'sh', folder, CONTAINERS, name]));
  } finally {
    await builder.exec('end the step', ['touch', `${folder}/go-on`], { signal });
  }
}

function verbOf(step: BuildStep): readonly (string | number)[] {
  if (step.kind === 'packages') return ['packages', ...step.packages];
  if (step.kind === 'run') return ['run', step.command];
  const [top] = step.files;
  if (!top) throw new StoreError(`Cannot copy ${step.copy.from} as there is nothing in it`);
  const { owner = '', mode } = step.copy;
  const isDirectory = top.kind === 'directory';
  const to = isDirectory ? top.target : top.target.slice(0, top.target.lastIndexOf('/') + 1);
  return [
    'copy',
    step.folder,
    to,
    isDirectory ? 'directory' : 'file',
    owner,
    mode === undefined ? '' : mode.toString(8),
  ];
}

/** Has a layer that was packed on the builder in the store; what the store has already is not fetched. @throws StoreError */
export async function takeLayer(
  builder: Builder,
  store: DirectoryStore,
  packed: PackedLayer,
  path: string,
  signal: AbortSignal | undefined,
): Promise<NewLayer> {
  const { size, unpackedSize } = packed;
  const digest = `sha256:${packed.digest}`;
  if ((await store.blobSize(digest)) !== size) await store.addBlob(builder.read(path, signal), digest);
  const layer = { mediaType: MEDIA.layerZstd, digest, size, diffId: `sha256:${packed.diffId}`, unpackedSize };
  // Of another machine it is only told.
  if (builder.vm === undefined) await store.noteTar(layer);
  return layer;
}
