/** Turns whatever was thrown into an exit code, words for a person and a document for a program. */
import type { ExitCode, SpecProblem } from '../model/errors.ts';
import { EXIT, InvalidSpecError, LockHeldError, StratosError } from '../model/errors.ts';
import { cleanLines, cleanText } from './clean-text.ts';
import { document } from './json.ts';
import type { Paint } from './paint.ts';

/** A failure as the program ends with it. */
export interface Failure {
  readonly exitCode: ExitCode;
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
}

/**
 * What is known about an error: ours says it itself; any other is `UNEXPECTED` and exit code 1, or the interruption's
 * consequence when the run was `interrupted`.
 */
export function failureOf(error: unknown, interrupted = false): Failure {
  if (interrupted && !(error instanceof StratosError)) {
    return { exitCode: EXIT.interrupted, code: 'INTERRUPTED', message: 'Interrupted' };
  }
  if (error instanceof StratosError) {
    const { exitCode, code, message, hint } = error;
    return { exitCode, code, message, ...(hint === undefined ? {} : { hint }) };
  }
  return { exitCode: EXIT.failed, code: 'UNEXPECTED', message: error instanceof Error ? error.message : String(error) };
}

/** `error: message`, then the hint alone on an indented line; with `debug` the stack of the error and of its causes. */
export function errorText(error: unknown, failure: Failure, paint: Paint, debug = false): string {
  const bug =
    failure.code === 'UNEXPECTED' && !debug ? 'with --debug, the same command shows where this comes from' : undefined;
  const next = failure.hint ?? bug;
  const hint = next === undefined ? '' : `    ${cleanText(next)}\n`;
  const trace = debug ? `${paint.dim(cleanLines(traceOf(error)))}\n` : '';
  return `${paint.red('error:')} ${cleanLines(failure.message)}\n${hint}${trace}`;
}

/** The document that takes the result's place under `-o json`. */
export function errorDocument(error: unknown, failure: Failure): Readonly<Record<string, unknown>> {
  const problems =
    error instanceof InvalidSpecError ? { problems: error.problems satisfies readonly SpecProblem[] } : {};
  const holder = error instanceof LockHeldError ? { holder: error.holder } : {};
  return document('Error', { error: { ...failure, ...problems, ...holder } });
}

function traceOf(error: unknown): string {
  const lines: string[] = [];
  for (let current: unknown = error, depth = 0; current !== undefined && depth < 10; depth += 1) {
    const known = current instanceof Error ? current : undefined;
    const text = known ? (known.stack ?? known.message) : JSON.stringify(current);
    lines.push(depth === 0 ? text : `caused by: ${text}`);
    current = known?.cause;
  }
  return lines.join('\n');
}
