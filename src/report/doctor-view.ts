/** Findings of the doctor, for people: grouped by what was checked, a fix alone on its line below what it mends. */
import type { Check } from '../reconcile/check.ts';
import { cleanText } from './clean-text.ts';
import { count } from './count-text.ts';
import type { Paint } from './paint.ts';
import { padText, textWidth } from './text-width.ts';

export interface DoctorViewSettings {
  readonly paint: Paint;
  readonly failed: number;
  readonly warned: number;
  readonly onlyProblems: boolean;
}

/** Renders all checks, or those that are not fine. Ends with a line break, or is empty when there is nothing to tell. */
export function doctorView(checks: readonly Check[], settings: DoctorViewSettings): string {
  const { paint, failed, warned, onlyProblems } = settings;
  const shown = onlyProblems ? checks.filter((check) => check.level !== 'ok') : checks;
  const blocks = [...Map.groupBy(shown, (check) => check.target)].map(([target, group]) => {
    const width = group.reduce((most, { name }) => Math.max(most, textWidth(name)), 0);
    return `${paint.bold(cleanText(target))}\n${group.map((check) => checkLines(check, width, paint)).join('')}`;
  });
  if (onlyProblems) return blocks.join('\n');
  return [...blocks, `${summary(checks.length, failed, warned)}\n`].join('\n');
}

function checkLines(check: Check, width: number, paint: Paint): string {
  const sign = { ok: paint.green('✓'), warn: paint.yellow('!'), fail: paint.red('✗') }[check.level];
  const fix = check.fix === undefined ? '' : `      ${cleanText(check.fix)}\n`;
  return `  ${sign} ${padText(cleanText(check.name), width)}  ${cleanText(check.message)}\n${fix}`;
}

function summary(total: number, failed: number, warned: number): string {
  if (failed === 0 && warned === 0) return `all well: ${count(total, 'check')}`;
  const parts = [
    ...(failed > 0 ? [`${String(failed)} failed`] : []),
    ...(warned > 0 ? [count(warned, 'warning')] : []),
  ];
  return `${parts.join(', ')} of ${count(total, 'check')}`;
}
