/** The machine that a build runs on: this one, or a VM over SSH. The same scripts run on both. */
import type { NewLayer, DirectoryStore } from '../directory-store.ts';

export interface ExecOptions {
  /** Lines of its standard error. */
  readonly onLine?: (line: string) => void;
  /** Lines of its standard output, which are answers of our scripts. */
  readonly onAnswer?: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/** How a program ended. */
export interface Ended {
  readonly status: number;
  /** The last lines of its standard error. */
  readonly tail: readonly string[];
}

/** The folders of one build; gone when it is over. */
export interface Workspace {
  /** Name of the build's containers: `stratos-build-<id>`. */
  readonly name: string;
  /** Absolute, on the builder. */
  readonly folder: string;
  /** The same folder on this machine, or the one here whose parts {@link Builder.send} brings there. */
  readonly local: string;
  /** Removes everything. */
  close(): Promise<void>;
}

export interface BuilderSettings {
  /** A folder of this machine that has the builder's `etc` and `usr/share/keyrings`, as far as they matter. */
  readonly root: string;
  /** What `apt-config dump` says there; empty where there is no apt. */
  readonly aptDump: string;
}

export interface Builder {
  /** Name of the VM; undefined for this machine. */
  readonly vm?: string;
  /** Where bases and layers are kept on the builder, for further builds: absolute, on a real file system. */
  readonly cache: string;
  /** Folder there with all that is ours, hidden from what unpacks images. */
  readonly hidden: string;
  open(signal?: AbortSignal): Promise<Workspace>;
  /** Runs a program as root and without a terminal. @throws HostError, UnreachableError, InterruptedError */
  exec(title: string, argv: readonly [string, ...(string | number)[]], options?: ExecOptions): Promise<Ended>;
  /** Brings parts of `workspace.local` into `workspace.folder`. */
  send(workspace: Workspace, parts: readonly string[], signal?: AbortSignal): Promise<void>;
  /** A file of the builder, as it is read. */
  read(path: string, signal?: AbortSignal): AsyncIterable<Uint8Array>;
  /** Has layers of the store on the builder; returns the folder that their blobs are in. */
  bring(store: DirectoryStore, layers: readonly NewLayer[], signal?: AbortSignal): Promise<string>;
  /** What settings of a build are made from. */
  settings(workspace: Workspace, signal?: AbortSignal): Promise<BuilderSettings>;
  /** Connects the terminal to a program there, and gives its status. */
  attach(argv: readonly [string, ...string[]]): Promise<number>;
}
