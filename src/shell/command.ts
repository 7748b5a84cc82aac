/**
 * Remote commands as values. Nothing here runs; `ssh/` renders a batch to one POSIX sh program, sends it over one channel
 * and cuts the answer into one result for each step. Words are quoted by construction; script text never contains a value.
 */
import type { Millis } from '../model/quantity.ts';
import type { Secret } from '../model/secret.ts';

/** One argument. A secret is revealed on the wire only, and only where the step allows it (never in argv of a program). */
export type Word = string | number;

/** A POSIX sh text kept in a file; sees its arguments as `$1 …`, its input on stdin, and runs in a subshell of its own. */
export interface Script {
  /** Name for logs and for the function it becomes: `[a-z][a-z0-9_]*`. */
  readonly name: string;
  readonly text: string;
}

interface StepBase {
  /** What it is for, for logs and errors: `start shop-1`. */
  readonly title: string;
  /** Becomes standard input; without it standard input is /dev/null. Secrets travel here. */
  readonly stdin?: string | Secret;
  /** Longest time it may take; default: the batch's. */
  readonly timeout?: Millis;
}

/** Runs a program. */
export interface CommandStep extends StepBase {
  readonly kind: 'command';
  readonly argv: readonly [string, ...Word[]];
}

/** Runs a script with arguments. */
export interface ScriptStep extends StepBase {
  readonly kind: 'script';
  readonly script: Script;
  readonly args: readonly Word[];
}

export type Step = CommandStep | ScriptStep;

/** Steps for one VM in one go, in order. */
export interface Batch {
  readonly steps: readonly Step[];
  /** Leave out the steps after the first that fails; they get `skipped`. Default false: steps are independent. */
  readonly stopOnFailure?: boolean;
  /** Longest time for each step that sets none. Default 2 minutes. */
  readonly timeout?: Millis;
}

export interface StepResult {
  readonly title: string;
  /** Exit status; 124 when its time ran out. Undefined when skipped. */
  readonly status: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  readonly ms: number;
}

/** Names a program and its arguments. */
export function command(
  title: string,
  argv: readonly [string, ...Word[]],
  options: Omit<StepBase, 'title'> = {},
): CommandStep {
  return { kind: 'command', title, argv, ...options };
}

/** Names a script and its arguments. */
export function script(
  text: Script,
  title: string,
  args: readonly Word[] = [],
  options: Omit<StepBase, 'title'> = {},
): ScriptStep {
  return { kind: 'script', title, script: text, args, ...options };
}
