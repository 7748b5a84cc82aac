/** What a cartridge stands on: layers of the store, made by the builder where nobody made them before. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { inOwnNamespaces } from '../../host/own-namespaces.ts';
import { NotFoundError } from '../../model/errors.ts';
import type { ImageRun } from '../../model/image.ts';
import type { CartridgeBase } from '../cartridge-file.ts';
import type { DirectoryStore, NewLayer } from '../directory-store.ts';
import { importLayer } from '../import-layer.ts';
import type { OciConfig, OciHistory } from '../oci.ts';
import { ociArchitecture } from '../platform.ts';
import { IMAGE_URI, type Material } from '../provenance.ts';
import baseText from '../scripts/build-base.sh';
import packText from '../scripts/pack-layer.sh';
import type { Builder, Workspace } from './builder.ts';
import type { MachineSettings } from './machine-settings.ts';
import { takeLayer } from './run-step.ts';
import type { PackedLayer } from './run-step.ts';
import { toolFailure } from './run-tool.ts';
import type { StepCache } from './step-cache.ts';

export interface Base {
  /** Lowest first; in the store. */
  readonly layers: readonly NewLayer[];
  readonly history: readonly OciHistory[];
  /** Newest time for files, in seconds: whatever is built on it gets no later one, so that the same input makes the same layer. */
  readonly epoch: number;
  /** What the image below says about how it runs. */
  readonly config: BaseConfig;
  /** Nothing had to be made for it. */
  readonly cached: boolean;
  /** Where the builder keeps what it made for it, below its cache; undefined where that is nowhere but in the store. */
  readonly kept?: string;
  /** For the provenance: its name, and the digest of the image or of its layer. */
  readonly material: Material;
}

export interface BaseConfig extends ImageRun {
  readonly labels: Readonly<Record<string, string>>;
  /** Paths of OCI's `Volumes`. */
  readonly volumes: readonly string[];
  readonly stopSignal: string;
}

export interface BaseOptions {
  readonly builder: Builder;
  readonly workspace: Workspace;
  readonly store: DirectoryStore;
  readonly steps: StepCache;
  /** Folder of this machine for files on their way into the store. */
  readonly cache: string;
  /** The cartridge's directory. */
  readonly directory: string;
  /** Collected when something has to be fetched. */
  readonly settings: () => Promise<MachineSettings>;
  readonly onOutput: (line: string) => void;
  readonly signal: AbortSignal | undefined;
  readonly noCache: boolean;
  /** Newest time for files that the operator wants, in seconds. */
  readonly epoch: number | undefined;
}

/** Time of files where a base does not say: the first second of 2020. */
const EPOCH = 1_577_836_800;
const NO_CONFIG: BaseConfig = {
  ...{ argv: [], env: {}, user: '', workingDir: '/', ports: [] },
  ...{ labels: {}, volumes: [], stopSignal: '' },
};

/** One line for people and for the history of the image. */
export function baseTitle(base: CartridgeBase): string {
  switch (base.kind) {
    case 'debootstrap':
      return `debootstrap ${base.suite}`;
    case 'template':
      return `lxc template ${base.template}`;
    case 'rootfs':
      return `rootfs ${base.file}`;
    case 'cartridge':
      return `cartridge ${base.reference}`;
  }
}

/** Has the base's layers in the store. @throws NotFoundError, StoreError, HostError, UnreachableError, InterruptedError */
export async function provideBase(base: CartridgeBase, options: BaseOptions): Promise<Base> {
  if (base.kind === 'cartridge') return imageBase(base.reference, options);
  const { store, cache, signal } = options;
  const history = [{ created_by: baseTitle(base) }];
  if (base.kind === 'rootfs') {
    const layer = await importLayer(join(options.directory, base.file), store, { cache, signal });
    const material = { uri: `file:${base.file}`, digest: layer.digest };
    return { layers: [layer], history, epoch: options.epoch ?? EPOCH, config: NO_CONFIG, cached: false, material };
  }
  const { layer, epoch, cached, kept } = await madeLayer(base, options);
  const name = base.kind === 'debootstrap' ? `debootstrap:${base.suite}` : `lxc-template:${base.template}`;
  const material = { uri: name, digest: layer.digest };
  return { layers: [layer], history, epoch, config: NO_CONFIG, cached, kept, material };
}

async function imageBase(reference: string, { store, epoch }: BaseOptions): Promise<Base> {
  const image = await store.find(reference);
  if (!image) {
    throw new NotFoundError(`Cannot build on a cartridge that is not in the store: ${reference}`, {
      hint: 'stratos cartridge ls',
    });
  }
  const config = await store.config(image);
  const created = Date.parse(image.created ?? '') / 1000;
  const { Volumes, StopSignal = '' } = config.config ?? {};
  return {
    layers: image.layers.map((layer) => ({ ...layer })),
    history: completeHistory(config, image.layers.length),
    epoch: epoch ?? (Number.isFinite(created) ? Math.floor(created) : EPOCH),
    config: { ...image.run, labels: image.labels, volumes: Object.keys(Volumes ?? {}), stopSignal: StopSignal },
    cached: true,
    material: { uri: `${IMAGE_URI}${reference}`, digest: image.digest },
  };
}

/** A history must tell of each layer, or readers refuse the image: where it does not, a plain one takes its place. */
function completeHistory({ history = [] }: OciConfig, layers: number): readonly OciHistory[] {
  const told = history.filter((entry) => entry.empty_layer !== true).length;
  return told === layers ? history : Array.from({ length: layers }, () => ({ created_by: 'unknown' }));
}

interface MadeLayer {
  readonly layer: NewLayer;
  readonly epoch: number;
  readonly cached: boolean;
  /** As in {@link Base}. */
  readonly kept: string;
}

/** Makes the layer once for all cartridges that want the same. */
async function madeLayer(
  base: Extract<CartridgeBase, { kind: 'debootstrap' | 'template' }>,
  options: BaseOptions,
): Promise<MadeLayer> {
  const { builder, store, steps, workspace, onOutput, signal } = options;
  const key = createHash('sha256')
    .update(JSON.stringify([2, base, ociArchitecture(), options.epoch ?? '', baseText]))
    .digest('hex');
  const kept = `bases/${key}`;
  const folder = `${builder.cache}/${kept}`;
  const file = `${folder}/layer`;
  const known = options.noCache ? undefined : await steps.find(key, () => file);
  if (known) return { layer: known, epoch: known.epoch ?? EPOCH, cached: true, kept };
  const { mirror } = await options.settings();
  const args =
    base.kind === 'debootstrap'
      ? [base.suite, base.variant ?? 'minbase', base.include.join(','), mirror(base.suite) ?? '']
      : [base.template, ...base.args];
  const epoch = options.epoch === undefined ? '' : String(options.epoch);
  const install = builder.vm === undefined ? '' : 'install';
  const words = [workspace.folder, folder, epoch, install, base.kind, ...args];
  const namespaces = inOwnNamespaces(['sh', '-c', `${packText}\n${baseText}`, 'sh', ...words]);
  let packed: (PackedLayer & { readonly epoch: number }) | undefined;
  const onAnswer = (line: string): void => {
    if (line.startsWith('{')) packed = JSON.parse(line) as typeof packed;
  };
  const ended = await builder.exec('make the base', [namespaces.file, ...namespaces.args], {
    ...{ onLine: onOutput, onAnswer, signal },
  });
  if (ended.status !== 0 || !packed) throw toolFailure('make the base', ended.status, ended.tail);
  const layer = await takeLayer(builder, store, packed, file, signal);
  await steps.keep(key, { ...layer, epoch: packed.epoch });
  return { layer, epoch: packed.epoch, cached: false, kept };
}
