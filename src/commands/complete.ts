/** `stratos __complete -- WORDS…`: what could stand in place of the last word. Called by the completion scripts. */
import type { Command } from 'commander';
import { EXIT } from '../model/errors.ts';
import { cleanText } from '../report/clean-text.ts';
import { candidates } from './candidates.ts';
import type { CommandContext } from './context.ts';

/** Configures the command. */
export function completeCommand(command: Command, context: CommandContext, run = runComplete): void {
  command
    .argument('[words...]')
    .passThroughOptions()
    .action(async (words: string[]) => {
      context.exit(await run(words, context));
    });
}

/** Prints one candidate on each line, with what it is after a tab. Silent when anything is wrong. */
export async function runComplete(words: readonly string[], context: CommandContext): Promise<number> {
  const partial = words.at(-1) ?? '';
  const found = await candidates(words.slice(0, -1), partial, context);
  for (const { word, purpose } of found) {
    if (!word.startsWith(partial)) continue;
    context.io.out.write(
      purpose === undefined ? `${cleanText(word)}\n` : `${cleanText(word)}\t${cleanText(purpose)}\n`,
    );
  }
  return EXIT.done;
}
