import { UsageError } from '../model/errors.ts';

/**
 * A program and its arguments as they stand on the command line, without the `--` that may come before them.
 * @throws UsageError for what looks like an option of ours behind the name: it would be run as a program
 */
export function programOf<Words extends readonly string[]>(words: Words): Words {
  const [first = ''] = words;
  if (first === '--' && words.length > 1) return words.slice(1) as unknown as Words;
  if (first.startsWith('-') && first !== '-')
    throw new UsageError(
      `Cannot run a program as options come before the name, and what follows is the program: ${JSON.stringify(first)}`,
    );
  return words;
}
