/** Work on stores and what is in them, as commands ask for it. */
import type { Secret } from '../model/secret.ts';
import type { Deps } from '../reconcile/deps.ts';
import type { EditedSpec } from './edited-spec.ts';

/** A store of the spec, for people. */
export interface StoreInfo {
  readonly name: string;
  readonly kind: string;
  /** Its address, or its directory. */
  readonly place: string;
  /** Whether names without a store mean it. */
  readonly isDefault: boolean;
}

export interface NewStore {
  readonly name: string;
  /** An address, the path of a directory, or the name of a cloud. */
  readonly place: string;
  readonly kind: 'directory' | 'oci' | 'glance';
  readonly ca?: string;
  /** Who we are to a registry that wants a certificate: two files. */
  readonly cert?: string;
  readonly key?: string;
  readonly insecure: boolean;
  readonly makeDefault: boolean;
}

export interface TransferOptions {
  /** Take along signatures, SBOMs and what else is attached. */
  readonly attached: boolean;
  /** All architectures of an index, not only ours. */
  readonly all: boolean;
  /** Only say what would be brought. */
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
}

/** What it took to bring an image from one place to another. */
export interface Transfer {
  readonly from: string;
  readonly to: string;
  readonly digest: string;
  /** It was there already. */
  readonly unchanged: boolean;
  readonly dryRun: boolean;
  /** Blobs that were there, that were taken from another repository of the same registry, and that were sent. */
  readonly blobs: { readonly present: number; readonly mounted: number; readonly sent: number };
  /** Bytes of those that were sent. */
  readonly bytes: number;
  /** Attached documents that were taken along. */
  readonly attached: number;
}

/** An image in a store, found by search. */
export interface FoundImage {
  /** As it can be pulled: `hub:team/php:8.2`. */
  readonly name: string;
  /** Undefined where the registry does not say it in lists. */
  readonly digest?: string;
}

/** Where a password was taken away, and which files of other programs still have one. */
export interface ForgottenPassword {
  /** Files, and credential helpers as `docker-credential-pass`. */
  readonly removed: readonly string[];
  readonly left: readonly string[];
}

export interface RegistryUseCases {
  readonly listStores: (deps: Deps) => Promise<readonly StoreInfo[]>;
  /** @throws UsageError, InvalidSpecError: nothing is written then */
  readonly addStore: (deps: Deps, store: NewStore) => Promise<EditedSpec>;
  /** @throws NotFoundError; InvalidSpecError while something needs it */
  readonly removeStore: (deps: Deps, name: string) => Promise<EditedSpec>;
  /** Asks the registry whether it takes the password, then keeps it as Docker does; says where. @throws RegistryError, HostError */
  readonly loginStore: (
    deps: Deps,
    name: string,
    login: { readonly user: string; readonly password: Secret; readonly signal: AbortSignal },
  ) => Promise<string>;
  /**
   * Takes away the password of a registry where {@link loginStore} keeps it, and asks the registry nothing.
   * @throws NotFoundError when there is none, HostError
   */
  readonly logoutStore: (deps: Deps, name: string) => Promise<ForgottenPassword>;
  /** @throws NotFoundError, UsageError, RegistryError */
  readonly pushCartridge: (
    deps: Deps,
    reference: string,
    to: string | undefined,
    options: TransferOptions,
  ) => Promise<Transfer>;
  /** @throws UsageError, RegistryError */
  readonly pullCartridge: (deps: Deps, reference: string, options: TransferOptions) => Promise<Transfer>;
  /** @throws NotFoundError, UsageError, RegistryError */
  readonly copyCartridge: (deps: Deps, from: string, to: string, options: TransferOptions) => Promise<Transfer>;
  /** Images whose repository has `text` in its name, in one store or in all. @throws UsageError, RegistryError */
  readonly searchCartridges: (
    deps: Deps,
    query: { readonly text?: string; readonly store?: string; readonly signal: AbortSignal },
  ) => Promise<readonly FoundImage[]>;
}
