/** How a run that changed the fleet is told, and what exit code it ends with. */
import { EXIT } from '../model/errors.ts';
import type { Deps } from '../reconcile/deps.ts';
import type { RunOutcome } from '../reconcile/reconcile.ts';
import { fleetText } from '../report/fleet-text.ts';
import { paintFor } from '../report/io.ts';
import { outcomeView } from '../report/outcome-view.ts';
import type { CommandContext } from './context.ts';
import type { GlobalOptions } from './global-options.ts';
import { printDone } from './print-result.ts';

/** Prints an outcome and returns its exit code. Failures and holds are told even with `--quiet`, then on standard error. */
export async function printOutcome(
  context: CommandContext,
  globals: GlobalOptions,
  deps: Deps,
  outcome: RunOutcome,
  print = printDone,
): Promise<number> {
  const fleet = fleetText(await deps.inventory.read());
  const code = outcomeCode(outcome, context.signal.aborted);
  await print(context, globals, {
    kind: 'ReconcileResult',
    body: outcomeBody(outcome),
    text: ({ paint }) => outcomeView(outcome, fleet, paint),
  });
  if (globals.quiet && globals.output === 'table' && (code !== EXIT.done || outcome.plan.holds.length > 0)) {
    context.io.err.write(outcomeView(outcome, fleet, await paintFor(context.io.err)));
  }
  return code;
}

/** Interrupted, partial when something was left undone or cannot be had, failed when nothing at all could be done, else done. */
export function outcomeCode(outcome: RunOutcome, interrupted: boolean): number {
  if (interrupted) return EXIT.interrupted;
  if (outcome.failed.length === 0 && outcome.skipped === 0 && !isAlarming(outcome)) return EXIT.done;
  return outcome.done === 0 && outcome.failed.length > 0 ? EXIT.failed : EXIT.partial;
}

/** Whether somebody must look although nothing failed. */
function isAlarming({ unreachable, alarms, plan }: RunOutcome): boolean {
  return unreachable.length > 0 || alarms.length > 0 || plan.holds.some(({ unmet }) => unmet);
}

/** An outcome as a document: the plan is given by its counts, failures by their action. */
export function outcomeBody({ run, plan, done, failed, skipped, unreachable, alarms, ms }: RunOutcome): object {
  return {
    run,
    changed: done > 0,
    done,
    skipped,
    failed,
    unreachable,
    alarms,
    holds: plan.holds,
    notices: plan.notices,
    ms,
  };
}
