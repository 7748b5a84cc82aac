/**
 * A batch as one POSIX sh program, read by a remote shell from its standard input. The program is one brace group, which a
 * shell runs only when it has all of it: a connection cut while sending executes nothing. `parse-batch.ts` reads what it prints.
 * Its size stands before it, so that a shell can be there before anybody knows what it will run.
 */
import { UsageError } from '../model/errors.ts';
import { Secret } from '../model/secret.ts';
import type { Batch, Script, Step } from './command.ts';
import { quote, quoteAll } from './quote.ts';
import prologue from './scripts/prologue.sh';

export interface RenderOptions {
  /** Marks the ends of steps in the output; letters and digits that no step can guess. */
  readonly nonce: string;
}

/**
 * Renders the program, after a line with its size in bytes; secrets in clear: for the wire only. Each script becomes one function with a subshell as its body and
 * each command runs in a subshell, so that no step changes what the next one sees.
 * @throws UsageError for a word or a text that no shell can carry.
 */
export function renderBatch(batch: Batch, options: RenderOptions): string {
  if (!/^[A-Za-z0-9]{8,}$/.test(options.nonce)) {
    throw new UsageError(`Cannot render a batch as its nonce is not 8 letters and digits or more: ${options.nonce}`);
  }
  const functions = nameScripts(batch.steps);
  const lines = ['{', `set -- ${options.nonce}`, prologue];
  for (const [text, name] of functions) lines.push(`${name}() (\n${text}\n)`);
  batch.steps.forEach((step, index) => {
    const end = `stratos_end ${String(index)} $?`;
    lines.push(`stratos_begin ${String(index)}`, renderStep(step, functions));
    lines.push(batch.stopOnFailure ? `${end} || stratos_finish` : end);
  });
  lines.push('stratos_finish', '}', '');
  const program = lines.join('\n');
  return `${String(Buffer.byteLength(program))}\n${program}`;
}

/**
 * The command line of a shell that waits for what {@link renderBatch} made and runs it; what follows on standard input is the
 * lifeline, also of a shell that still waits. An empty line before the program is answered by {@link PRESENT}. By `head`, as
 * several shells read their own input byte by byte. `exec` makes the shell (or sudo) the leader of the session.
 */
export function shellCommand(options: { readonly sudo: boolean; readonly shell?: string }): string {
  const wait = `while read -r size && [ -z "$size" ]; do echo ${PRESENT}; done`;
  const read = `[ -z "$size" ] || eval "$(head -c "$size")"`;
  return `exec ${options.sudo ? 'sudo -n -- ' : ''}${options.shell ?? 'sh'} -c '${wait}; ${read}'`;
}

/** What a shell that waits says when it is asked whether it is there. */
export const PRESENT = 'stratos:present';

/** One function for each distinct text; texts that share a name get a number. */
function nameScripts(steps: readonly Step[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const step of steps) {
    if (step.kind !== 'script' || names.has(step.script.text)) continue;
    names.set(checked(step.script).text, `s${String(names.size)}_${step.script.name}`);
  }
  return names;
}

function checked(script: Script): Script {
  if (!/^[a-z][a-z0-9_]*$/.test(script.name)) {
    throw new UsageError(
      `Cannot run a script as its name is not a lower-case identifier: ${JSON.stringify(script.name)}`,
    );
  }
  if (script.text.includes('\0') || !script.text.isWellFormed()) {
    throw new UsageError(`Cannot run script ${script.name} as its text is not valid Unicode without NUL`);
  }
  return script;
}

function renderStep(step: Step, functions: ReadonlyMap<string, string>): string {
  const call =
    step.kind === 'command'
      ? `( ${quoteAll(step.argv)} )`
      : [functions.get(step.script.text) ?? '', ...step.args.map(quote)].join(' ');
  return step.stdin === undefined ? call : `${renderInput(step.stdin)} | ${call}`;
}

/**
 * Input comes from the shell's own printf: exact to the last byte (a here-document always ends in a newline), without a
 * program whose arguments anybody could list. NUL, which no word can hold, stands in the format.
 */
function renderInput(input: string | Secret): string {
  const parts = (input instanceof Secret ? input.reveal() : input).split('\0');
  return `{ printf ${quote(parts.map(() => '%s').join('\\000'))} ${quoteAll(parts)}; } 2>/dev/null`;
}
