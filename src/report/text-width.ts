const WIDE =
  /^(?:\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{20000}-\u{3fffd}])|\ufe0f/u;
/** Letters and punctuation of one column each; what is made of them needs no segmenter, which takes 15 ms to load. */
const PLAIN = /^[\u0020-\u007e\u00a1-\u00ac\u00ae-\u02ff\u2010-\u2027]*$/;

/** Columns a text takes on a terminal; takes it without control characters. */
export function textWidth(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let width = 0;
  for (const { segment } of new Intl.Segmenter().segment(text)) width += graphemeWidth(segment);
  return width;
}

/** Cuts a text to at most `width` columns, the last of which is `…` when something was cut. */
export function truncateText(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  let used = 0;
  let kept = '';
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    const next = used + graphemeWidth(segment);
    if (next > width - 1) break;
    used = next;
    kept += segment;
  }
  return width > 0 ? `${kept}…` : '';
}

/** Fills a text with spaces to `width` columns, on the right or, for numbers, on the left. */
export function padText(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const fill = ' '.repeat(Math.max(0, width - textWidth(text)));
  return align === 'left' ? text + fill : fill + text;
}

function graphemeWidth(segment: string): number {
  if (/^[\p{Mark}\p{Format}]+$/u.test(segment)) return 0;
  return WIDE.test(segment) ? 2 : 1;
}
