/** Escape sequences, then every remaining control character, then the marks that reorder text. */
const SEQUENCE = /\u001b(?:\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[[(][0-?]*[ -/]*[@-~]|.)/g;
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/**
 * Makes text from a machine, a file or an argument safe for one line of a terminal: no colour, no cursor movement, no line
 * break, nothing that repaints or reorders what stands around it.
 */
export function cleanText(text: string): string {
  return text
    .replace(SEQUENCE, '')
    .replace(/[\t\n\r]+/g, ' ')
    .replace(CONTROL, '');
}

/** The same for text of several lines; the line breaks stay. */
export function cleanLines(text: string): string {
  return text.split('\n').map(cleanText).join('\n');
}
