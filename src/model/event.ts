/** What happens while work goes on. The core emits, a reporter renders; the event log keeps them as JSON lines. */
import type { Action } from './plan.ts';
import type { RevisionState } from './revision.ts';

/** Executables in `hooks/` of a project, and when they are run. */
export type HookName = 'pre-deploy' | 'post-deploy' | 'wake' | 'vm-ready';

export type StratosEvent =
  | {
      readonly type: 'stage.started';
      readonly stage: string;
      readonly kind: string;
      readonly actions: number;
      /** What the spec calls the images of its actions, by digest. */
      readonly images?: Readonly<Record<string, string>>;
    }
  | { readonly type: 'action.started'; readonly action: Action }
  | {
      readonly type: 'action.progress';
      readonly action: Action;
      readonly message: string;
      readonly done?: number;
      readonly total?: number;
    }
  | { readonly type: 'action.finished'; readonly action: Action; readonly ms: number }
  | {
      readonly type: 'action.failed';
      readonly action: Action;
      readonly ms: number;
      readonly code: string;
      readonly message: string;
    }
  | { readonly type: 'action.skipped'; readonly action: Action; readonly message: string }
  | {
      readonly type: 'operation.finished';
      /** As the command is called: `process restart`. */
      readonly operation: string;
      readonly target: string;
      readonly ms: number;
    }
  | {
      readonly type: 'operation.failed';
      readonly operation: string;
      readonly target: string;
      readonly ms: number;
      readonly code: string;
      readonly message: string;
    }
  | {
      readonly type: 'rollout.changed';
      readonly subscription: string;
      readonly revision: number;
      readonly state: RevisionState;
      /** What was decided and why, in one line. */
      readonly message: string;
      /** Last lines of the process that failed. */
      readonly log?: readonly string[];
    }
  | {
      readonly type: 'hook.finished';
      readonly hook: HookName;
      /** What it was told about: an alias, a VM, a process. */
      readonly target: string;
      readonly status: 'ok' | 'failed' | 'timeout' | 'unusable';
      readonly code?: number;
      readonly ms: number;
      /** What it wrote, line by line. */
      readonly output: readonly string[];
    }
  | { readonly type: 'step'; readonly message: string }
  | {
      readonly type: 'step.finished';
      readonly message: string;
      readonly ms: number;
      /** What an earlier run made was taken. */
      readonly cached: boolean;
    }
  | { readonly type: 'warning'; readonly message: string };

/** An event as it stands in `events.jsonl` and in `--events json`. */
export interface LoggedEvent {
  readonly version: 1;
  /** ISO 8601, UTC. */
  readonly at: string;
  /** Groups the events of one run. */
  readonly run: string;
  readonly event: StratosEvent;
}

/** Takes events as they happen; must not throw. */
export type EventSink = (event: StratosEvent) => void;
