/** What the suites share: times of programs, medians, and tables as Markdown. */
import { spawn } from 'node:child_process';
import { performance } from 'node:perf_hooks';

export interface Run {
  /** Wall time. */
  readonly ms: number;
  readonly stdout: string;
}

export interface RunOptions {
  readonly input?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** Runs a program to its end and rejects when its status is not 0. */
export async function timed(argv: readonly [string, ...string[]], options: RunOptions = {}): Promise<Run> {
  const [program, ...args] = argv;
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: 'pipe', env: { ...process.env, ...options.env } });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input ?? '');
    child.once('error', reject);
    child.once('close', (code) => {
      const ms = performance.now() - started;
      if (code === 0) resolve({ ms, stdout });
      else reject(new Error(`${argv.join(' ')} ended with ${String(code)}\n${stdout}\n${stderr}`));
    });
  });
}

/** The middle of the values; of an even number the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] ?? Number.NaN;
  return Number.isInteger(middle) ? (upper + (sorted[middle - 1] ?? upper)) / 2 : upper;
}

/** The median of the ratios of runs that were made one after the other, so that a change of the machine's load is in both. */
export function medianRatio(values: readonly number[], references: readonly number[]): number {
  return median(values.map((value, at) => value / (references[at] ?? Number.NaN)));
}

/** A Markdown table. */
export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Milliseconds below ten seconds, seconds above. */
export function duration(ms: number): string {
  return ms < 10_000 ? `${ms.toFixed(0)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** `met`, or by how much it is missed: a goal is never loosened. */
export function verdict(value: number, goal: number, kind: 'at most' | 'at least' = 'at most'): string {
  const isMet = kind === 'at most' ? value <= goal : value >= goal;
  return isMet ? 'met' : `**missed**: ${value.toFixed(2)} for ${String(goal)}`;
}

/** Tells how far a suite is, beside the table on standard output. */
export function say(text: string): void {
  process.stderr.write(`    ${text}\n`);
}
