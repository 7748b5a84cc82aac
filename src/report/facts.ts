/** Names and values below each other, for one thing shown in full. */
import { cleanText } from './clean-text.ts';
import type { Paint } from './paint.ts';
import { padText, textWidth } from './text-width.ts';

/** Renders pairs; those without a value are left out. Ends with a line break. */
export function facts(pairs: readonly (readonly [name: string, value: string | undefined])[], paint: Paint): string {
  const shown = pairs.filter(([, value]) => value !== undefined && value !== '');
  const width = shown.reduce((most, [name]) => Math.max(most, textWidth(name)), 0);
  return shown.map(([name, value]) => `${paint.dim(padText(name, width))}  ${cleanText(value ?? '')}\n`).join('');
}
