/** How a run ended, for people. */
import type { Action } from '../model/plan.ts';
import { formatDuration } from '../model/quantity.ts';
import type { RunOutcome } from '../reconcile/reconcile.ts';
import { actionText } from './action-text.ts';
import { cleanText } from './clean-text.ts';
import { count } from './count-text.ts';
import type { Paint } from './paint.ts';
import { idleText, remarkLines } from './plan-view.ts';

/**
 * One line for what was done, one for each failure with its hint below, and before it what is held back and what is not ours.
 * `fleet` is what is there when nothing was to do. Ends with a line break.
 */
export function outcomeView(outcome: RunOutcome, fleet: string, paint: Paint): string {
  const { plan, done, failed, skipped, unreachable, alarms, ms } = outcome;
  const loud = alarms.map((alarm) => `${paint.red('!')} ${cleanText(alarm)}\n`);
  const missing = unreachable.map(({ vm, message }) => `${paint.red('✗')} ${cleanText(`${vm}: ${message}`)}\n`);
  // That a VM does not answer is said once.
  const silent = new Set(unreachable.map(({ vm }) => vm));
  const notices = plan.notices.filter(({ target }) => !silent.has(target));
  const remarks = loud.join('') + missing.join('') + remarkLines({ notices, holds: plan.holds }, paint);
  if (done === 0 && failed.length === 0 && skipped === 0) {
    return `${remarks}${missing.length > 0 ? `nothing else to do: ${fleet}` : idleText(plan, fleet)}\n`;
  }
  const failures = failed.map(
    ({ action, message, hint }) =>
      `${paint.red('✗')} ${cleanText(`${subject(action)}: ${message}`)}\n` +
      (hint === undefined ? '' : `    ${cleanText(hint)}\n`),
  );
  const parts = [
    `${count(done, 'action')} done`,
    ...(failed.length > 0 ? [`${String(failed.length)} failed`] : []),
    ...(skipped > 0 ? [`${String(skipped)} skipped`] : []),
  ];
  return `${remarks}${failures.join('')}${parts.join(', ')} in ${formatDuration(ms)}\n`;
}

function subject(action: Action): string {
  const { noun, target, doing } = actionText(action);
  const where = noun === 'process' || noun === 'image' ? ` on ${action.vm}` : '';
  return `${doing} ${noun} ${target}${where}`;
}
