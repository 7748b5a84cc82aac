/** How one kind of action is done: all actions of that kind on one VM at once, so that a VM gets one batch. */
import type { StratosError } from '../../model/errors.ts';
import type { Action, ActionKind } from '../../model/plan.ts';
import type { ApplyContext } from '../context.ts';

export type ActionOf<K extends ActionKind> = Extract<Action, { readonly kind: K }>;

/** Tells how far a long action is. */
export type Progress = (action: Action, message: string, done?: number, total?: number) => void;

/** Failures by action id; an action that is not in it was done. A handler that throws failed all of its actions. */
export type Failures = ReadonlyMap<string, StratosError>;

export type Handler<K extends ActionKind> = (
  context: ApplyContext,
  vm: string,
  actions: readonly ActionOf<K>[],
  progress: Progress,
) => Promise<Failures>;

export const NO_FAILURES: Failures = new Map();
