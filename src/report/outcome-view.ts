/** How a run ended, for people. */
import type { Action } from '../model/plan.ts';
import { formatDuration } from '../model/quantity.ts';
import type { RunOutcome } from '../reconcile/reconcile.ts';
import { actionText } from './action-text.ts';
import { cleanText } from './clean-text.ts';
import { count } from './count-text.ts';
import type { Paint } from './paint.ts';

/**
 * One line for what was done, one for each failure with its hint below. `fleet` is what is there when nothing was to do.
 * Ends with a line break.
 */
export function outcomeView(outcome: RunOutcome, fleet: string, paint: Paint): string {
  const { done, failed, skipped, unreachable, ms } = outcome;
  const missing = unreachable.map(({ vm, message }) => `${paint.red('✗')} ${cleanText(`${vm}: ${message}`)}\n`);
  if (done === 0 && failed.length === 0 && skipped === 0) {
    const summary = missing.length === 0 ? `nothing to do: ${fleet} as specified` : `nothing else to do: ${fleet}`;
    return `${missing.join('')}${summary}\n`;
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
  return `${missing.join('')}${failures.join('')}${parts.join(', ')} in ${formatDuration(ms)}\n`;
}

function subject(action: Action): string {
  const { noun, target, doing } = actionText(action);
  const where = noun === 'process' || noun === 'image' ? ` on ${action.vm}` : '';
  return `${doing} ${noun} ${target}${where}`;
}
