/** Programs to run on a VM, interactively, for one process: exec, shell, logs. */
import type { Word } from '../shell/command.ts';
import { LAYOUT } from './layout.ts';
import { checkedName } from './process-launch.ts';

type Argv = readonly [string, ...Word[]];

export interface LogOptions {
  /** Go on as the process writes. */
  readonly follow?: boolean;
  /** How many lines from the end to begin with. */
  readonly lines?: number;
  /** What `journalctl --since` takes: `-5min`, `2026-01-31 12:00`. */
  readonly since?: string;
  /** Put the time before each line. */
  readonly timestamps?: boolean;
}

/** Runs a program in a process with its user, environment and directory. Gets a terminal where the caller has one. */
export function execArgv(name: string, argv: readonly [string, ...string[]]): Argv {
  return [`${LAYOUT.bin}/process-exec`, checkedName(name), ...argv];
}

/** A shell in a process: bash where its image has it, ours where it has none. */
export function shellArgv(name: string): Argv {
  return execArgv(name, ['/bin/sh', '-c', SHELL]);
}

const SHELL = 'for shell in bash sh /.stratos/sh; do command -v "$shell" >/dev/null 2>&1 && exec "$shell"; done';

/** What a process wrote to its standard output and error. */
export function logsArgv(name: string, options: LogOptions = {}): Argv {
  const { follow, lines, since, timestamps } = options;
  return [
    'journalctl',
    '--quiet',
    '--no-pager',
    '--all',
    `--identifier=${checkedName(name)}`,
    `--output=${timestamps ? 'short-iso' : 'cat'}`,
    ...(follow ? ['--follow'] : []),
    ...(lines === undefined ? [] : [`--lines=${String(lines)}`]),
    ...(since === undefined ? [] : [`--since=${since}`]),
  ];
}
