/** Version of every document that `-o json` and `-o yaml` print; grows only when a field changes its meaning or goes. */
export const API_VERSION = 'stratos/v1';

/** A document as it is printed: its version and kind first, then the body. */
export function document(kind: string, body: object): Readonly<Record<string, unknown>> {
  return { apiVersion: API_VERSION, kind, ...body };
}

/** The text of a document, indented for reading. Ends with a line break. */
export function jsonText(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

/** The text of a document on one line, for streams. Ends with a line break. */
export function jsonLine(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}
