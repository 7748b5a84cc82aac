/** The way into a VM. One connection for each endpoint, kept for the whole run; everything else is refused or a bug. */
import type { Endpoint } from '../model/endpoint.ts';
import type { Millis } from '../model/quantity.ts';
import type { Batch, ScriptStep, StepResult, Word } from '../shell/command.ts';
import type { BatchStream } from '../shell/parse-batch.ts';

export interface RunOptions {
  /** Ends the batch on the remote side too. */
  readonly signal?: AbortSignal;
  /** Called with each step's result as soon as it is there. */
  readonly onStep?: (result: StepResult, index: number) => void;
  /**
   * Takes what the steps print as it comes, instead of its being kept for their results. Nothing more is read until a promise
   * it returns is settled.
   */
  readonly onOutput?: (stream: BatchStream, piece: Buffer) => Promise<void> | undefined;
}

export interface CopyRequest {
  /** Local files or directories, absolute. A trailing slash means the contents, as rsync has it. */
  readonly from: readonly string[];
  /** Absolute remote directory; made when missing. */
  readonly to: string;
  /** Bytes per second; undefined: as fast as it goes. */
  readonly limit?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

export interface CopyResult {
  /** Bytes that went over the wire. */
  readonly sent: number;
  readonly ms: number;
}

export interface FeedRequest {
  /** Its `stdin` and `timeout` have no meaning here. */
  readonly step: ScriptStep;
  /** What the script reads on standard input. */
  readonly input: AsyncIterable<Uint8Array>;
  /** How much that is, where it is known: a large stream goes by the system's ssh. */
  readonly size?: number;
  /** The same bytes as a file. Where that can be handed over as it is, nothing is read of `input`. */
  readonly file?: WholeFile;
  readonly signal?: AbortSignal;
}

/** A file that is sent from its first byte to its last. */
export interface WholeFile {
  readonly path: string;
  /** Told how many bytes have been read, now and then and at the end. */
  readonly onRead: (bytes: number) => void;
}

export interface InteractiveRequest {
  readonly argv: readonly [string, ...Word[]];
  /**
   * Who reads the words there. `root`: a POSIX shell, which runs them with root's rights. `own`: the same with the rights of who logs
   * in. `any`: whatever shell there is, so words must be such that all read them alike. Default `root`.
   */
  readonly by?: 'root' | 'own' | 'any';
  /** Allocate a terminal there and put the local one into raw mode. */
  readonly tty: boolean;
  readonly signal?: AbortSignal;
}

export interface Transport {
  /**
   * Begins to open the connection, and a shell on it for the next batch, as they will be needed soon. Never fails: what is wrong
   * is told by the first call that needs them.
   */
  open(name: string, endpoint: Endpoint): void;
  /**
   * Runs a batch and returns one result for each step, in order. A step that fails is a result, not an exception.
   * @throws UnreachableError when the VM cannot be reached, its key is not the pinned one, sudo is refused, or the
   * connection is lost in mid-batch (what the remote side was running then is ended there).
   * @throws InterruptedError when `signal` aborts.
   */
  run(name: string, endpoint: Endpoint, batch: Batch, options?: RunOptions): Promise<readonly StepResult[]>;
  /** Copies by rsync with the same identity and pinned host keys; keeps partial files, so a second call goes on where the first was cut. */
  copy(name: string, endpoint: Endpoint, request: CopyRequest): Promise<CopyResult>;
  /**
   * Runs a script and feeds its standard input from a stream. A script that fails is a result, not an exception; it may end before
   * its input does. When the connection is lost, the script sees the end of its input.
   * @throws UnreachableError, InterruptedError, and what the input throws
   */
  feed(name: string, endpoint: Endpoint, request: FeedRequest): Promise<StepResult>;
  /** Connects this process's stdin, stdout and stderr to a remote program; resolves to its exit status. */
  interactive(name: string, endpoint: Endpoint, request: InteractiveRequest): Promise<number>;
  /** Ends all connections. */
  close(): Promise<void>;
}

/** The local ends of an interactive program: the process's own, given by the composition root. */
export interface TerminalStreams {
  /** With `setRawMode` where it is a terminal. */
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean; setRawMode?(mode: boolean): unknown };
  /** With its size, and a `resize` event, where it is a terminal. */
  readonly stdout: NodeJS.WritableStream & { readonly columns?: number; readonly rows?: number };
  readonly stderr: NodeJS.WritableStream;
}

export interface TransportSettings {
  /** Private key used when an endpoint names none: the project's own. */
  readonly identityFile?: string;
  /** Where to write known_hosts files and control data for rsync; a directory of the project, mode 0700. */
  readonly directory: string;
  /** Time for a connection with its key exchange and login, further attempts included. Default 10 s. */
  readonly connectTimeout?: Millis;
  /** Further attempts to connect, with backoff. Never for authentication or host key failures. Default 2. */
  readonly connectRetries?: number;
  /** Connections being opened at one time. Default 32. */
  readonly parallel?: number;
  /** Asks for a key's passphrase; undefined where there is no terminal. `STRATOS_SSH_PASSPHRASE` is tried first. */
  readonly askPassphrase?: (keyFile: string) => Promise<string>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Told each batch before it is sent, secrets masked: for `--debug`. */
  readonly onBatch?: (name: string, description: string) => void;
  /** Needed by {@link Transport.interactive} alone. */
  readonly streams?: TerminalStreams;
}
