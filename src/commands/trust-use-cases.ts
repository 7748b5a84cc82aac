/** What is known of images and who vouches for them, as commands ask for it. */
import type { Deps } from '../reconcile/deps.ts';
import type { Provenance } from '../store/provenance.ts';
import type { PackageList } from '../store/sbom/list-packages.ts';
import type { Verdict } from '../store/trust/verify-text.ts';
import type { NamedImage } from './cartridge-use-cases.ts';

/** An image, of this machine or of a store. */
export interface LocatedImage extends NamedImage {
  /** The store that was asked: its name or its host; undefined: it is on this machine. */
  readonly store?: string;
}

/** Which of the images that may have a name. */
export interface WhichImage {
  /** The one of the store, also when this machine has a copy. */
  readonly remote: boolean;
  readonly signal: AbortSignal;
}

/** An image that was signed, and the fingerprint of the key: `SHA256:…`. */
export interface SignedImage extends LocatedImage {
  readonly key: string;
}

/** An image that is whole, and what its signatures are worth; none where nobody says whose count. */
export interface VerifiedImage extends LocatedImage {
  readonly signatures: readonly Verdict[];
}

/** The packages of an image, and the same as a bill of materials. */
export interface ListedPackages extends LocatedImage, PackageList {
  /** CycloneDX, as JSON. */
  readonly document: string;
}

/** An image and what hangs on it. */
export interface DescribedImage extends LocatedImage {
  /** Signatures, bills of materials, provenance, and what others attached. */
  readonly attached: readonly { readonly artifactType: string; readonly digest: string; readonly size: number }[];
  /** Undefined where nobody said where it comes from. */
  readonly provenance?: Provenance;
  /** Images it was made from, by what its provenance says, and what the store knows of them. */
  readonly bases: readonly BaseImage[];
}

export interface BaseImage {
  readonly name: string;
  readonly digest: string;
  /** Undefined where the store does not have it, or nobody said where it comes from. */
  readonly provenance?: Provenance;
  /** Kinds of what hangs on it; undefined where the store does not have it. */
  readonly attached?: readonly string[];
}

/** What is known of images, and who vouches for them. All look on this machine first, then at the store that the name is in. */
export interface TrustUseCases {
  /** An image with what hangs on it. @throws NotFoundError, RegistryError */
  readonly showCartridge: (deps: Deps, reference: string, which: WhichImage) => Promise<DescribedImage>;
  /**
   * Lists packages, and with `attach` hangs the list on the image. Layers of a store are read while they arrive; none is kept.
   * @throws NotFoundError, StoreError, RegistryError
   */
  readonly listPackages: (
    deps: Deps,
    reference: string,
    options: WhichImage & { readonly attach: boolean },
  ) => Promise<ListedPackages>;
  /** Signs an image with a key of the operator's. @throws NotFoundError, UsageError when there is no key, StoreError, RegistryError */
  readonly signCartridge: (
    deps: Deps,
    reference: string,
    options: WhichImage & { readonly key: string | undefined },
  ) => Promise<SignedImage>;
  /**
   * Reads every blob and compares it with its digest, then checks the signatures against the spec's allowed signers, or those given.
   * At a store: the manifest and the configuration, and that the layers are there.
   * @throws NotFoundError, RegistryError; StoreError naming the first blob that is damaged, or when no signature counts and one must
   */
  readonly verifyCartridge: (
    deps: Deps,
    reference: string,
    options: WhichImage & { readonly allowedSigners: string | undefined },
  ) => Promise<VerifiedImage>;
}
