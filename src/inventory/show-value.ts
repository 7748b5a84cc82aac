/** Values and lines of files that others wrote, made fit for a terminal: no control characters, not endless. */

// Control characters, and those that turn the direction of text or hide in it.

const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\uffff]/g;

/** A value as JSON on one line, cut after `length` characters. */
export function showValue(value: unknown, length = 60): string {
  const text =
    typeof value === 'number' && !Number.isFinite(value)
      ? String(value)
      : (JSON.stringify(value) as string | undefined);
  const shown = escapeUnseen(text ?? 'undefined');
  if (shown.length <= length) return shown;
  const quote = shown.startsWith('"') ? '"' : '';
  const rest = typeof value === 'string' ? ` (${String(value.length)} characters)` : '';
  return `${shown.slice(0, length)}…${quote}${rest}`;
}

/** A line of a file, cut after `length` characters. */
export function showLine(line: string, length = 160): string {
  const shown = escapeUnseen(line.replaceAll('\t', ' ').trim());
  return shown.length <= length ? shown : `${shown.slice(0, length)}…`;
}

/** Writes characters that cannot be seen as `\uXXXX`. */
export function escapeUnseen(text: string): string {
  return text.replace(UNSEEN, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
