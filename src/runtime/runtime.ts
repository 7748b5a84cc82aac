/**
 * A runtime of containers on a VM, as Cloud Foundry's Warden has it: what to run there for each verb, as values. Nothing here runs
 * anything; `ssh/` does. `docs/runtimes.md` has the verbs beside the commands.
 */
import type { LimitRequest } from '../lxc/limits.ts';
import type { LogOptions } from '../lxc/process-commands.ts';
import type { ProcessLaunch, ProcessStart, Removal } from '../lxc/process-lifecycle.ts';
import type { SleepRequest } from '../lxc/sleep.ts';
import type { RuntimeCapabilities, RuntimeName } from '../model/runtime.ts';
import type { ScriptStep, Step, Word } from '../shell/command.ts';

/** A program and its arguments, to be connected to the operator's terminal. */
export type Argv = readonly [string, ...Word[]];

/**
 * What is the same for every runtime of containers, since the folder of a process on its VM says what runs it. Steps are for many
 * processes of one VM at a time; what they answer is read by the parsers beside their makers in `lxc/`.
 */
export interface ContainerVerbs {
  /** Starts what exists, wakes what sleeps; answers for `parseCreate`. */
  readonly start: (processes: readonly ProcessStart[]) => readonly Step[];
  /** Stops with grace, and starts; answers for `parseCreate`. */
  readonly restart: (processes: readonly ProcessStart[]) => readonly Step[];
  /** Changes what they may take, as they are; answers for `parseLimit`. */
  readonly limit: (lineage: string, requests: readonly LimitRequest[]) => readonly ScriptStep[];
  /** Drains, stops with grace and deletes what carries the lineage; answers for `parseRemove`. */
  readonly remove: (lineage: string, removals: readonly Removal[]) => readonly Step[];
  /** Freezes, or stops what the next request shall wake; answers for `parseSleep`. */
  readonly sleep: (lineage: string, requests: readonly SleepRequest[]) => readonly ScriptStep[];
  /** Runs a program inside, with the process's user, environment and directory. */
  readonly exec: (name: string, argv: readonly [string, ...string[]]) => Argv;
  /** A shell inside. */
  readonly shell: (name: string) => Argv;
  /** What it wrote to its standard output and error. */
  readonly logs: (name: string, options?: LogOptions) => Argv;
  /** Looks at a path inside; answers for `parsePlace`. */
  readonly look: (lineage: string, name: string, path: string) => ScriptStep;
  /** Writes a path as a tar to standard output. */
  readonly copyOut: (lineage: string, name: string, path: string) => ScriptStep;
  /** Unpacks a tar from standard input into a folder. */
  readonly copyIn: (lineage: string, name: string, folder: string) => ScriptStep;
  /** Takes a snapshot; answers for `parseSnapshots`. */
  readonly snapshot: (name: string, comment?: string) => readonly Step[];
  readonly restore: (name: string, snapshot: string) => readonly Step[];
  readonly snapshots: (name: string) => ScriptStep;
  readonly removeSnapshot: (name: string, snapshot: string) => ScriptStep;
}

/** One runtime of containers. */
export interface ContainerRuntime extends ContainerVerbs {
  readonly name: RuntimeName;
  readonly capabilities: RuntimeCapabilities;
  /** Makes, starts and waits until ready; answers for `parseCreate`. @throws UsageError for what cannot be made */
  readonly create: (launches: readonly ProcessLaunch[]) => readonly Step[];
}
