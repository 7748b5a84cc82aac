/** Asks before something is ended that cannot be had back. */
import { InterruptedError, UsageError } from '../model/errors.ts';
import { paintFor } from '../report/io.ts';
import type { CommandContext } from './context.ts';
import type { GlobalOptions } from './global-options.ts';

export interface Question {
  /** What will happen: `This ends 4 VMs and 40 processes of /srv/shop`. */
  readonly consequence: string;
  /** What has to be typed. */
  readonly word: string;
  /** The command that goes on without asking. */
  readonly unasked: string;
}

/**
 * Returns when the operator typed the word, or said `--yes`. Never asks where nobody can answer.
 * @throws UsageError without a terminal, InterruptedError for any other answer
 */
export async function confirm(context: CommandContext, globals: GlobalOptions, question: Question): Promise<void> {
  if (globals.yes) return;
  if (!context.io.canPrompt) {
    throw new UsageError(`Cannot ask for a confirmation as there is no terminal. ${question.consequence}`, {
      hint: question.unasked,
    });
  }
  context.settle();
  const paint = await paintFor(context.io.err);
  const answer = await context.io.ask(
    `${paint.yellow('!')} ${question.consequence}.\n  Type ${paint.bold(question.word)} to go on: `,
    context.signal,
  );
  if (answer?.trim() !== question.word) throw new InterruptedError('Nothing was changed');
}
