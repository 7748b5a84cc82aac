/** What one kind of system inside a process that is a VM can do. */
import type { Argv } from '../runtime.ts';

/** Which part of a log is printed. */
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
