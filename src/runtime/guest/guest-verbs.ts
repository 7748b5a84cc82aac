/** What can be done inside a process that is a VM, where its cartridge says how one logs in. Runs nothing; `ssh/` does. */
import type { GuestLogin } from '../../model/spec.ts';
import type { Argv } from '../runtime.ts';
import { POSIX } from './posix.ts';
import { WINDOWS } from './windows.ts';

export interface GuestLog {
  readonly follow?: boolean;
  /** How many lines from the end to begin with. */
  readonly lines?: number;
  readonly since?: string;
}

/** One kind of system inside. All of it runs with the rights of who logs in. */
export interface GuestVerbs {
  /** Runs a program; its arguments arrive whole, and its exit status is passed on. */
  readonly exec: (argv: readonly [string, ...string[]]) => Argv;
  readonly shell: () => Argv;
  /** Prints files, or the system's own log where there are none. @throws UsageError for a time, where lines carry none */
  readonly logs: (files: readonly string[], log: GuestLog) => Argv;
}

/** The verbs of a shell. */
export function guestVerbsOf({ shell }: GuestLogin): GuestVerbs {
  return shell === 'powershell' ? WINDOWS : POSIX;
}
