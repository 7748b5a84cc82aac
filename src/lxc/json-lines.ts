/** Answers of scripts. */
import type { StepResult } from '../shell/command.ts';

/** Every line of the outputs that is a JSON object; programs may write other lines between. */
export function jsonLines(results: readonly StepResult[]): readonly Readonly<Record<string, unknown>>[] {
  return results.flatMap(({ stdout }) =>
    stdout.split('\n').flatMap((line) => {
      if (!line.startsWith('{')) return [];
      try {
        return [JSON.parse(line) as Readonly<Record<string, unknown>>];
      } catch {
        return [];
      }
    }),
  );
}
