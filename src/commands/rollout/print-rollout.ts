/** How a rollout is told after something was done to it, and what exit code that is. */
import { EXIT } from '../../model/errors.ts';
import type { Deps } from '../../reconcile/deps.ts';
import type { RolloutStatus } from '../../reconcile/rollout-status.ts';
import type { RunOutcome } from '../../reconcile/reconcile.ts';
import { fleetText } from '../../report/fleet-text.ts';
import { outcomeView } from '../../report/outcome-view.ts';
import { rolloutView } from '../../report/rollout-view.ts';
import type { CommandContext } from '../context.ts';
import type { GlobalOptions } from '../global-options.ts';
import { limitsOf } from '../global-options.ts';
import { outcomeBody, outcomeCode } from '../print-outcome.ts';
import { printDone } from '../print-result.ts';

export interface RolloutRun {
  readonly alias: string;
  /** Goes on until it is over, or waits for somebody. */
  readonly wait: boolean;
  readonly message?: string;
  /** The file that was edited, if one was. */
  readonly file?: string;
}

/** Reconciles the subscription and prints how its rollout stands then. */
export async function runRollout(
  context: CommandContext,
  globals: GlobalOptions,
  deps: Deps,
  run: RolloutRun,
): Promise<number> {
  const { alias, wait, message, file } = run;
  const limits = {
    ...limitsOf(globals, context, { only: [alias] }),
    ...(message === undefined ? {} : { message }),
  };
  const { outcome, status } = await context.use.rolloutRun(deps, alias, limits, wait);
  const fleet = fleetText(await deps.inventory.read());
  await printDone(context, globals, {
    kind: 'Rollout',
    body: { ...status, alias, ...(file === undefined ? {} : { file }), run: outcomeBody(outcome) },
    text: ({ paint }) =>
      `${outcomeView(withoutOwnHold(outcome, alias), fleet, paint)}${status ? rolloutView(status, paint) : ''}`,
  });
  return rolloutCode(outcome, status, context.signal.aborted);
}

/** Why the rollout waits is told with the rollout. */
function withoutOwnHold(outcome: RunOutcome, alias: string): RunOutcome {
  const holds = outcome.plan.holds.filter(({ target }) => target !== alias);
  return { ...outcome, plan: { ...outcome.plan, holds } };
}

/** Failed when the rollout did not come to what was asked for, else as the run. */
function rolloutCode(outcome: RunOutcome, status: RolloutStatus | undefined, interrupted: boolean): number {
  const code = outcomeCode(outcome, interrupted);
  if (code === EXIT.interrupted) return code;
  return status?.state === 'failed' ? EXIT.failed : code;
}
