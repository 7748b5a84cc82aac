/** Programs of the operator's machine, for this adapter: arguments as arrays, never through a shell. */
import { IaasError, InterruptedError } from '../../model/errors.ts';

export interface RunOptions {
  /** Becomes standard input; without it there is none. */
  readonly input?: string;
  readonly signal?: AbortSignal | undefined;
  readonly env?: Readonly<Record<string, string>>;
  /** Called with each line of standard output as it comes. */
  readonly onLine?: (line: string) => void;
}

export interface RunResult {
  readonly status: number;
  readonly stdout: string;
  /** Both streams as they came. */
  readonly all: string;
}

/**
 * Runs a program and returns its status and output; a status other than 0 is a result, not an exception.
 * @throws IaasError unavailable when the program is not there
 * @throws InterruptedError when `signal` aborts; the program has been ended then
 */
export async function tryRun(
  iaas: string,
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  const { execa } = await import('execa');
  const child = execa(program, args, {
    ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
    ...(options.signal ? { cancelSignal: options.signal } : {}),
    // Package tools and lxc-* live in sbin, which a sudo or cron PATH may lack.
    env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', ...options.env },
    // Ctrl-C at the terminal reaches us alone; we decide what still has to finish.
    detached: true,
    all: true,
    reject: false,
  });
  const { onLine } = options;
  if (onLine) {
    for await (const line of child) onLine(line);
  }
  const result = await child;
  if (result.isCanceled) throw new InterruptedError(`Cannot finish ${program} as the run was interrupted`);
  if (result.exitCode === undefined && result.signal === undefined) {
    throw new IaasError(
      iaas,
      'unavailable',
      `Cannot run ${program} as it does not start: ${result.originalMessage ?? ''}`,
      {
        hint: 'stratos doctor',
        cause: result.cause,
      },
    );
  }
  return { status: result.exitCode ?? 128, stdout: result.stdout, all: result.all };
}

/** Runs a program that must succeed, and returns its standard output. @throws IaasError unavailable with the end of what it said */
export async function run(
  iaas: string,
  doing: string,
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const result = await tryRun(iaas, program, args, options);
  if (result.status !== 0) {
    throw new IaasError(
      iaas,
      'unavailable',
      `Cannot ${doing} as ${program} ended with status ${result.status}: ${lastLines(result.all, 5)}`,
    );
  }
  return result.stdout;
}

/** The end of a text on one line, for a message. */
export function lastLines(text: string, count: number): string {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  return lines.length === 0 ? '(no output)' : lines.slice(-count).join(' | ');
}
