/** The cartridge store: content-addressed images and movable names, in the OCI image layout. */
import type { Image } from '../model/image.ts';
import type { BlobAndTar } from './known-tars.ts';

/** A name in the store and what it points at now. */
export interface ImageEntry {
  /** `name:tag`. */
  readonly reference: string;
  readonly digest: string;
}

export interface CartridgeStore {
  /** The image behind `name:tag`, `name` (tag `latest`) or a `sha256:` digest (a unique prefix of 12 or more characters will do). Undefined when there is none. @throws StoreError when damaged */
  find(reference: string): Promise<Image | undefined>;
  /** All names, sorted. */
  list(): Promise<readonly ImageEntry[]>;
  /** Points a name at an image; an existing name moves. @throws NotFoundError */
  tag(reference: string, digest: string): Promise<void>;
  /** Removes a name, or with a digest all its names; then every blob that no name reaches any more. Returns the bytes freed. */
  remove(reference: string): Promise<number>;
  /** Absolute path of a blob's file, for copying. */
  blobPath(digest: string): string;
  /** Whether this machine has seen itself that a layer is the tar its image says. */
  knowsTar(layer: BlobAndTar): Promise<boolean>;
  /** Reads every blob of an image and compares digests. @throws StoreError naming the first damaged blob */
  verify(image: Image): Promise<void>;
}
