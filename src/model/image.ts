/** A cartridge image as the store describes it: an OCI image manifest and its configuration. */
import type { Bytes } from './quantity.ts';

export interface Image {
  /** Digest of the manifest, `sha256:…`: the image's identity. */
  readonly digest: string;
  readonly layers: readonly ImageLayer[];
  /** Media type, digest and size of the configuration blob. */
  readonly config: ImageBlob;
  /** Runtime configuration, from the OCI config. */
  readonly run: ImageRun;
  /** `amd64`, `arm64`. */
  readonly architecture: string;
  /** RFC 3339; undefined where the image does not say. */
  readonly created?: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface ImageBlob {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: Bytes;
}

export interface ImageLayer extends ImageBlob {
  /** Digest of the uncompressed tar, from the OCI config's rootfs.diff_ids. */
  readonly diffId: string;
  /** Bytes of the uncompressed tar, where known. */
  readonly unpackedSize?: Bytes;
}

export interface ImageRun {
  /** Entrypoint followed by Cmd. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** `uid`, `user`, `uid:gid` or `user:group`; empty for root. */
  readonly user: string;
  readonly workingDir: string;
  /** Ports of tcp ExposedPorts. */
  readonly ports: readonly number[];
  /** Absolute folders whose data outlives the process, where the image names any. */
  readonly volumes?: readonly string[];
  /** What asks the program to end, by name (`SIGQUIT`) or number; undefined: SIGTERM. */
  readonly stopSignal?: string;
}
