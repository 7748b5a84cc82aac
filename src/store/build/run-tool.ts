/**
 * Runs a program of this machine for the store: lines of its output as they come, its last lines in the error. Apart from the
 * one of `iaas/local`: there a status is an answer and the operator's environment counts, here a build must see none of it.
 */
import { execa } from 'execa';
import { HostError, InterruptedError, StoreError } from '../../model/errors.ts';

export interface ToolOptions {
  /** What is being done, for the error: `install packages`. */
  readonly title: string;
  /** The whole environment; default: a plain PATH and the C locale. */
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly onLine?: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
  readonly cwd?: string;
}

/** Environment of tools that need nothing of the operator's. */
export const PLAIN_ENV: Readonly<Record<string, string>> = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LC_ALL: 'C.UTF-8',
  HOME: '/root',
};
/** Lines of output an error shows. */
const TAIL = 30;

/**
 * Runs a program to its end and returns its standard output; both streams go to `onLine`.
 * @throws StoreError with the last lines when it fails, InterruptedError when aborted, HostError when it is not installed
 */
export async function runTool(file: string, args: readonly string[], options: ToolOptions): Promise<string> {
  const { title, onLine, signal } = options;
  const tail = tailOf(onLine);
  const note = function* (line: unknown): Generator<string> {
    tail.take(printable(String(line)));
    yield String(line);
  };
  const result = await execa(file, args, {
    env: { ...(options.env ?? PLAIN_ENV) },
    extendEnv: false,
    ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
    ...(options.cwd !== undefined && { cwd: options.cwd }),
    ...(signal && { cancelSignal: signal }),
    stdout: note,
    stderr: note,
    forceKillAfterDelay: 2000,
    maxBuffer: 2 ** 26,
    reject: false,
  });
  if (signal?.aborted === true || result.isCanceled) {
    throw new InterruptedError(`Cannot ${title} as the run was interrupted`);
  }
  if (result.code === 'ENOENT') throw missingTool(file, title);
  if (result.failed) throw toolFailure(title, result.exitCode ?? result.signal, tail.lines);
  return result.stdout;
}

/** The error for a program that ended badly. */
export function toolFailure(title: string, status: number | string | undefined, tail: readonly string[]): StoreError {
  const shown = tail.length === 0 ? '' : `\n${tail.map((line) => `    ${line}`).join('\n')}`;
  return new StoreError(`Cannot ${title} as a command ended with status ${String(status)}${shown}`);
}

/** The error for a program that is not there. */
export function missingTool(file: string, title: string): HostError {
  return new HostError(`Cannot ${title} as a program is missing on this machine: ${file}`, { hint: 'stratos doctor' });
}

/** Keeps the last lines for an error, and hands all of them on. */
export function tailOf(onLine: ((line: string) => void) | undefined): {
  readonly lines: readonly string[];
  readonly take: (line: string) => void;
} {
  const lines: string[] = [];
  return {
    lines,
    take: (line) => {
      lines.push(line);
      if (lines.length > TAIL) lines.shift();
      onLine?.(line);
    },
  };
}

/** Output of others without what could repaint the terminal. */
export function printable(line: string): string {
  return line.replace(/\u001b\[[0-9;?]*[A-Za-z]/g, '').replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, '');
}
