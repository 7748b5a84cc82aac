/** What must be known before the command line is understood: how to tell that it was not. */
import type { OutputFormat } from './global-options.ts';

export interface EarlyOptions {
  readonly colour: boolean;
  readonly debug: boolean;
  readonly output: OutputFormat;
}

/** Looks for three options among the words before `--`. */
export function earlyOptions(args: readonly string[]): EarlyOptions {
  const end = args.indexOf('--');
  const words = end === -1 ? args : args.slice(0, end);
  return { colour: !words.includes('--no-color'), debug: words.includes('--debug'), output: outputOf(words) };
}

function outputOf(words: readonly string[]): OutputFormat {
  const format = words.flatMap((word, i) => {
    if (word === '-o' || word === '--output') return [words[i + 1]];
    return [/^(?:-o|--output=)(.+)$/.exec(word)?.[1]];
  });
  return format.findLast((value) => value === 'json' || value === 'yaml' || value === 'table') ?? 'table';
}
