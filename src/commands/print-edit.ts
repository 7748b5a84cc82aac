/** What follows an edit of the spec: a line that says so, and a reconcile where one was asked for. */
import { EXIT } from '../model/errors.ts';
import type { Deps } from '../reconcile/deps.ts';
import type { CommandContext } from './context.ts';
import type { EditedSpec } from './edited-spec.ts';
import type { GlobalOptions } from './global-options.ts';
import { limitsOf } from './global-options.ts';
import { printOutcome } from './print-outcome.ts';
import { printDone } from './print-result.ts';

export interface Edit extends EditedSpec {
  /** What was done, for people. */
  readonly done: string;
  readonly alias: string;
  /** What was edited, where that is not the subscription itself. */
  readonly tenant?: string;
  readonly action: 'subscribed' | 'unsubscribed' | 'scaled' | 'added' | 'removed';
  readonly reconcile: boolean;
}

/** Prints the edit; then reconciles the alias alone, when asked, and returns the exit code. */
export async function printEdit(
  context: CommandContext,
  globals: GlobalOptions,
  deps: Deps,
  edit: Edit,
): Promise<number> {
  const { alias, tenant, action, file, changed, done, reconcile } = edit;
  const next = reconcile || !changed ? '' : '\nnext: stratos reconcile';
  // With a reconcile there is one document still: its result.
  if (!reconcile || globals.output === 'table') {
    await printDone(context, globals, {
      kind: tenant === undefined ? 'Subscription' : 'Tenant',
      body: { alias, ...(tenant === undefined ? {} : { tenant }), action, file, changed },
      text: () => `${changed ? done : `nothing to do: ${alias} is so already`}${next}\n`,
    });
  }
  if (!reconcile) return EXIT.done;
  const outcome = await context.use.reconcile(deps, limitsOf(globals, context, { only: [alias] }));
  return printOutcome(context, globals, deps, outcome);
}
