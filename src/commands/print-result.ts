/** How a command hands over what it found or did: one document or one text on standard output. */
import { document, jsonLine, jsonText } from '../report/json.ts';
import type { Paint } from '../report/paint.ts';
import { paintFor } from '../report/io.ts';
import { yamlText } from '../report/yaml.ts';
import type { CommandContext } from './context.ts';
import type { GlobalOptions } from './global-options.ts';

export interface Result {
  /** `Status`, `Plan` …: what the document is. */
  readonly kind: string;
  /** Its fields. */
  readonly body: object;
  /** The same for people. Ends with a line break. */
  readonly text: (view: { readonly paint: Paint; readonly width: number }) => string;
}

/** Prints what was asked for. */
export async function printResult(context: CommandContext, globals: GlobalOptions, result: Result): Promise<void> {
  context.settle();
  const { out } = context.io;
  const whole = document(result.kind, result.body);
  if (globals.output === 'json') out.write(jsonText(whole));
  else if (globals.output === 'yaml') out.write(yamlText(whole));
  else out.write(result.text({ paint: await paintFor(out), width: out.width }));
}

/** Prints what was done; with `--quiet` only as a document. */
export async function printDone(context: CommandContext, globals: GlobalOptions, result: Result): Promise<void> {
  context.settle();
  if (globals.quiet && globals.output === 'table') return;
  await printResult(context, globals, result);
}

/** Prints one of several results: as a document on one line, or as text. */
export async function printRound(context: CommandContext, globals: GlobalOptions, result: Result): Promise<void> {
  if (globals.output === 'table') await printDone(context, globals, result);
  else context.io.out.write(jsonLine(document(result.kind, result.body)));
}
