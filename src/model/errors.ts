/**
 * What can go wrong, as types. A message says what cannot be done, why, with the value; a hint is a command that can be run.
 * `main` maps `exitCode` to the process and prints `message`, then `hint` alone on its line.
 */

import type { Millis } from './quantity.ts';

/** Exit codes of the program, one table for all commands. */
export const EXIT = {
  done: 0,
  failed: 1,
  changesPending: 2,
  lockHeld: 4,
  partial: 5,
  usage: 64,
  interrupted: 130,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export interface StratosErrorOptions {
  /** A command or an edit the reader can make next; printed alone on its line. */
  readonly hint?: string;
  readonly cause?: unknown;
}

/** The root of every expected failure. `code` is stable and documented; messages may be reworded. */
export abstract class StratosError extends Error {
  abstract readonly code: string;
  readonly exitCode: ExitCode = EXIT.failed;
  readonly hint: string | undefined;
  constructor(message: string, options: StratosErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.hint = options.hint;
  }
}

/** The command line is wrong: an unknown name, a missing argument, options that exclude each other. */
export class UsageError extends StratosError {
  readonly code = 'USAGE';
  override readonly exitCode = EXIT.usage;
}

/** Where a problem of a YAML file is; line and column count from 1. */
export interface SourcePosition {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** One problem of the spec. */
export interface SpecProblem {
  readonly message: string;
  /** Dotted path of the value: `subscriptions.shop.cartridge`. */
  readonly path: string;
  readonly position?: SourcePosition;
  /** The offending line as it stands in the file. */
  readonly excerpt?: string;
  readonly suggestion?: string;
}

/** The spec cannot be used; `problems` has every problem found, not only the first. */
export class InvalidSpecError extends StratosError {
  readonly code = 'INVALID_SPEC';
  override readonly exitCode = EXIT.usage;
  readonly problems: readonly SpecProblem[];
  constructor(problems: readonly SpecProblem[], options: StratosErrorOptions = {}) {
    super(problems.map(formatProblem).join('\n'), options);
    this.problems = problems;
  }
}

/** `file:line:column: message`, the offending line, the suggestion. */
function formatProblem(problem: SpecProblem): string {
  const at = problem.position;
  const head = at ? `${at.file}:${String(at.line)}:${String(at.column)}: ${problem.message}` : problem.message;
  const excerpt = problem.excerpt === undefined ? [] : [`    ${problem.excerpt.trim()}`];
  const suggestion = problem.suggestion === undefined ? [] : [`    did you mean ${problem.suggestion}?`];
  return [head, ...excerpt, ...suggestion].join('\n');
}

/** A file of the project cannot be read or written, or is not what it should be. */
export class ProjectFileError extends StratosError {
  readonly code = 'PROJECT_FILE';
}

/** Somebody wrote the inventory since it was read (serial) or it belongs to another fleet (lineage). */
export class StaleInventoryError extends StratosError {
  readonly code = 'STALE_INVENTORY';
}

/** The world changed since a saved plan was made. */
export class StalePlanError extends StratosError {
  readonly code = 'STALE_PLAN';
}

/** Who holds a lock, as written into it. */
export interface LockHolder {
  readonly id: string;
  readonly operation: string;
  readonly who: string;
  readonly host: string;
  readonly pid: number;
  readonly version: string;
  /** ISO 8601, UTC. */
  readonly since: string;
}

/** Another run holds the lock; retriable until `--lock-timeout`. */
export class LockHeldError extends StratosError {
  readonly code = 'LOCK_HELD';
  override readonly exitCode = EXIT.lockHeld;
  readonly holder: LockHolder;
  constructor(path: string, holder: LockHolder) {
    super(
      `Cannot lock ${path} as it is held: by ${holder.who}@${holder.host} (pid ${String(holder.pid)}) for "${holder.operation}" since ${holder.since}`,
      {
        hint: `stratos inventory unlock ${holder.id}   # only if that run is gone for good; --lock-timeout 5m waits for it`,
      },
    );
    this.holder = holder;
  }
}

/** A name the user gave is not there: an alias, a process, a VM, an image. */
export class NotFoundError extends StratosError {
  readonly code = 'NOT_FOUND';
}

/** What is asked of a rollout does not fit how it stands, or what it would go back to is not to be had. */
export class RolloutError extends StratosError {
  readonly code = 'ROLLOUT';
}

/** Why a VM cannot be talked to; callers branch on this, never on the message. */
export type UnreachableReason =
  | 'refused'
  | 'timeout'
  | 'unresolved'
  | 'host-key-changed'
  | 'authentication'
  | 'sudo-refused'
  | 'connection-lost'
  | 'jump-failed';

/** A VM could not be reached, or the connection to it was lost in mid-batch. */
export class UnreachableError extends StratosError {
  readonly code = 'UNREACHABLE';
  readonly target: string;
  readonly reason: UnreachableReason;
  constructor(target: string, reason: UnreachableReason, message: string, options: StratosErrorOptions = {}) {
    super(message, options);
    this.target = target;
    this.reason = reason;
  }
}

/** A command on a VM ended with another status than 0, or ran out of time. */
export class RemoteCommandError extends StratosError {
  readonly code = 'REMOTE_COMMAND';
}

/** The operator pressed Ctrl-C, or a signal ended the run. */
export class InterruptedError extends StratosError {
  readonly code = 'INTERRUPTED';
  override readonly exitCode = EXIT.interrupted;
}

/** The failures of an IaaS that a caller may act on. */
export type IaasFailure =
  'not-found' | 'no-capacity' | 'unauthorized' | 'rate-limited' | 'quota' | 'unavailable' | 'invalid';

/** An IaaS refused or failed; adapters translate the vendor's errors to `failure` at their edge. */
export class IaasError extends StratosError {
  readonly code = 'IAAS';
  readonly iaas: string;
  readonly failure: IaasFailure;
  /** How long the IaaS wants to be left alone; with `rate-limited` and `unavailable`, where it says. */
  readonly retryAfter: Millis | undefined;
  constructor(
    iaas: string,
    failure: IaasFailure,
    message: string,
    options: StratosErrorOptions & { readonly retryAfter?: Millis } = {},
  ) {
    super(message, options);
    this.iaas = iaas;
    this.failure = failure;
    this.retryAfter = options.retryAfter;
  }
}

/** Failures after which another place may be asked for a machine. */
export const REFUSALS = ['no-capacity', 'quota', 'unauthorized', 'unavailable', 'rate-limited'] as const;
export type Refusal = (typeof REFUSALS)[number];

/** An IaaS gave no machine, and as far as it says none of this VM is there: another place may be asked. */
export class RefusedError extends IaasError {
  readonly refusal: Refusal;
  constructor(refusal: Refusal, error: IaasError) {
    const { iaas, message, hint, retryAfter } = error;
    super(iaas, refusal, message, {
      cause: error,
      ...(hint === undefined ? {} : { hint }),
      ...(retryAfter === undefined ? {} : { retryAfter }),
    });
    this.refusal = refusal;
  }
}

/** An image, a blob or the store is missing, damaged or of a wrong form. */
export class StoreError extends StratosError {
  readonly code = 'STORE';
}

/** The failures of a registry that a caller may act on. `damaged`: what arrived is not what its digest or length says. */
export type RegistryFailure = 'not-found' | 'unauthorized' | 'rate-limited' | 'unavailable' | 'refused' | 'damaged';

/** A registry of images refused or failed; adapters translate what their server answers to `failure` at their edge. */
export class RegistryError extends StratosError {
  readonly code = 'REGISTRY';
  readonly registry: string;
  readonly failure: RegistryFailure;
  /** How long the server wants to be left alone; with `rate-limited` and `unavailable`, where it says. */
  readonly retryAfter: Millis | undefined;
  constructor(
    registry: string,
    failure: RegistryFailure,
    message: string,
    options: StratosErrorOptions & { readonly retryAfter?: Millis } = {},
  ) {
    super(message, options);
    this.registry = registry;
    this.failure = failure;
    this.retryAfter = options.retryAfter;
  }
}

/** This machine cannot do what was asked: not root, a tool is missing, a wrong system. */
export class HostError extends StratosError {
  readonly code = 'HOST';
}

/** Some targets failed, the rest is done. */
export class PartialFailureError extends StratosError {
  readonly code = 'PARTIAL';
  override readonly exitCode = EXIT.partial;
}
