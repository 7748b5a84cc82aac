/** A batch as people may see it: in logs, errors and `--debug`. */
import { Secret } from '../model/secret.ts';
import type { Batch, Step } from './command.ts';
import { quoteAll } from './quote.ts';

/** One line for each step: its number, its title and what runs. Secrets are masked and control characters are made visible. */
export function describeBatch(batch: Batch): string {
  return batch.steps.map((step, index) => `${String(index + 1)} ${describeStep(step)}`).join('\n');
}

/** One line: `start shop-1: lxc-start -n shop-1 (input: 12 characters)`. */
export function describeStep(step: Step): string {
  const runs = step.kind === 'command' ? quoteAll(step.argv) : `<${step.script.name}> ${quoteAll(step.args)}`;
  return escapeControls(`${step.title}: ${runs.trim()}${describeInput(step.stdin)}`);
}

function describeInput(input: string | Secret | undefined): string {
  if (input === undefined) return '';
  return input instanceof Secret ? ` (input: ${input.toString()})` : ` (input: ${String(input.length)} characters)`;
}

/**
 * Writes control characters, and those that turn the direction of text, as `\u001b`, so that remote text cannot repaint a
 * terminal. Newlines and tabs stay only where `keepLines` is set.
 */
export function escapeControls(text: string, keepLines = false): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, (character) =>
    keepLines && (character === '\n' || character === '\t')
      ? character
      : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
