/** Work on the cartridge store of a project, as commands ask for it. */
import type { Image } from '../model/image.ts';
import type { Bytes, Millis } from '../model/quantity.ts';
import type { Deps } from '../reconcile/deps.ts';
import type { PrunedBuilds } from '../store/build/prune-builds.ts';
import type { ImageDiff } from '../store/image-diff.ts';
import type { EditedSpec } from './edited-spec.ts';

/** An image with the names that point at it. */
export interface NamedImage {
  readonly references: readonly string[];
  readonly image: Image;
}

export interface BuildSettings {
  readonly tag?: string;
  /** Name of the VM that builds; default this machine. */
  readonly on?: string;
  /** Builds again what is there already, base included. */
  readonly noCache: boolean;
  readonly signal: AbortSignal;
  /** Asked for a shell in the container of a command that failed; called before the terminal is given to it. */
  readonly beforeShell?: () => void;
}

/** Forms of files that images are written to. */
export type ArchiveFormat = 'oci' | 'docker' | 'rootfs';

export interface ExportSettings {
  readonly format: ArchiveFormat;
  /** Layers by gzip, in the format oci. */
  readonly gzip: boolean;
  readonly signal: AbortSignal;
}

/** How a store is cleaned. */
export interface PruneSettings {
  /** Newest images of each name that stay in any case. */
  readonly keep: number;
  /** How long no build has used what goes of earlier builds. */
  readonly unused: Millis;
  /** Name of a VM: what builds there left, instead of what is here. */
  readonly on?: string;
  /** Tells what would be removed, and removes nothing. */
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
}

export interface PrunedStore {
  /** Names, and digests of images without one. */
  readonly removed: readonly string[];
  readonly kept: readonly { readonly reference: string; readonly why: string }[];
  /** Bytes; 0 in a dry run. */
  readonly freed: Bytes;
  /** What earlier builds left: how much of it goes. */
  readonly builds: PrunedBuilds;
}

/** How an imported image runs; what is empty or undefined is left as the file says. */
export interface ImportSettings {
  /** Undefined: the images of an archive get the names they have there. */
  readonly tag?: string;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly user?: string;
  readonly workingDir?: string;
  readonly ports: readonly number[];
  readonly signal: AbortSignal;
}

export interface AddedCartridge extends EditedSpec {
  /** What was written, as it stands in the file. */
  readonly values: object;
}

/** Work on the cartridge store of a project. */
export interface CartridgeUseCases {
  /** Writes a cartridge into the spec as its image wants to be run. @throws NotFoundError, UsageError, InvalidSpecError */
  readonly addCartridge: (
    deps: Deps,
    name: string,
    settings: { readonly image: string; readonly partition: string },
  ) => Promise<AddedCartridge>;
  readonly buildCartridge: (deps: Deps, directory: string, options: BuildSettings) => Promise<NamedImage>;
  /** Makes an image of a process, or of the first ready one of an alias. @throws NotFoundError, RemoteCommandError */
  readonly commitCartridge: (
    deps: Deps,
    target: string,
    settings: { readonly tag?: string; readonly signal: AbortSignal },
  ) => Promise<NamedImage & { readonly process: string; readonly frozenMs: number }>;
  /** @throws NotFoundError, StoreError */
  readonly importCartridge: (deps: Deps, file: string, options: ImportSettings) => Promise<readonly NamedImage[]>;
  /** Writes images into one file, each blob once; with `spec` also those that the spec's cartridges need. @throws NotFoundError, StoreError */
  readonly exportCartridges: (
    deps: Deps,
    references: readonly string[],
    file: string,
    settings: ExportSettings & { readonly spec: boolean },
  ) => Promise<{ readonly images: readonly NamedImage[]; readonly size: Bytes }>;
  /** @throws NotFoundError, StoreError */
  readonly diffCartridges: (deps: Deps, a: string, b: string) => Promise<ImageDiff>;
  /** Removes from the store what nothing needs. @throws StoreError */
  readonly pruneCartridges: (deps: Deps, settings: PruneSettings) => Promise<PrunedStore>;
  readonly listCartridges: (deps: Deps) => Promise<readonly NamedImage[]>;
  /** @throws NotFoundError */
  readonly tagCartridge: (deps: Deps, reference: string, name: string, signal: AbortSignal) => Promise<NamedImage>;
  /** Returns the bytes freed. @throws NotFoundError; StoreError for what the spec needs, unless forced: nothing is removed then */
  readonly removeCartridges: (
    deps: Deps,
    references: readonly string[],
    options: { readonly force: boolean; readonly remote: boolean; readonly signal: AbortSignal },
  ) => Promise<Bytes>;
}
