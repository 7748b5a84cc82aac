/** Running an executable of a project, within a time limit and with all that it started ended at that limit. */
import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import { kill } from 'node:process';
import type { Millis } from '../model/quantity.ts';

/** Directory of a project for its hooks. */
export const HOOKS_DIRECTORY = 'hooks';

export interface HookRun {
  /** Project directory, absolute; the hook runs in it. */
  readonly directory: string;
  readonly hook: string;
  /** What it is told, besides `PATH`, `HOME`, `USER`, `LANG` and `TZ`. */
  readonly facts: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly timeout: Millis;
  readonly signal: AbortSignal;
}

export interface HookOutcome {
  /** `unusable`: it is there and cannot be run. */
  readonly status: 'ok' | 'failed' | 'timeout' | 'unusable';
  /** Exit code; undefined where it was ended or never ran. */
  readonly code?: number;
  /** What it wrote, both streams as they came; at most 200 lines, the last ones. */
  readonly output: readonly string[];
}

/** What a hook inherits. Nothing else: what the operator's shell holds may be secret. */
const INHERITED = ['PATH', 'HOME', 'USER', 'LANG', 'TZ'];
const MOST_LINES = 200;

/** Runs a hook to its end; undefined when the project has none of this name. Its children end with it. */
export async function runHook(run: HookRun): Promise<HookOutcome | undefined> {
  const { directory, hook, facts, env, timeout, signal } = run;
  const file = join(directory, HOOKS_DIRECTORY, hook);
  if (!(await can(file, constants.F_OK))) return undefined;
  if (!(await can(file, constants.X_OK))) return { status: 'unusable', output: [`${file} is not executable`] };
  const { execa } = await import('execa');
  const inherited = Object.fromEntries(
    INHERITED.flatMap((name) => {
      const value = env[name];
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
  const child = execa(file, [], {
    cwd: directory,
    env: { ...inherited, ...facts },
    extendEnv: false,
    stdin: 'ignore',
    all: true,
    reject: false,
    // A group of its own, so that all of it can be ended.
    detached: true,
    maxBuffer: 1_000_000,
  });
  let ended: 'timeout' | 'aborted' | undefined;
  const end = (why: 'timeout' | 'aborted') => (): void => {
    ended ??= why;
    endGroup(child.pid);
  };
  const timer = setTimeout(end('timeout'), timeout);
  const onAbort = end('aborted');
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    const { exitCode, all, failed, shortMessage } = await child;
    const output = all.split('\n').filter((line) => line !== '');
    if (exitCode === undefined && ended === undefined && failed && output.length === 0)
      return { status: 'unusable', output: [shortMessage ?? 'it cannot be started'] };
    return {
      status: ended ? 'timeout' : exitCode === 0 ? 'ok' : 'failed',
      ...(exitCode === undefined || ended ? {} : { code: exitCode }),
      output: output.slice(-MOST_LINES),
    };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
    // What it left running in the background had its time.
    endGroup(child.pid);
  }
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    kill(-pid, 'SIGKILL');
  } catch {
    // All of it has ended.
  }
}

async function can(file: string, mode: number): Promise<boolean> {
  return access(file, mode).then(
    () => true,
    () => false,
  );
}
