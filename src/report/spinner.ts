/** A spinner on the last line of a terminal, with finished lines above it. ora is loaded when there is something to show. */
import type { Ora } from 'ora';
import { truncateText } from './text-width.ts';

export interface Spinner {
  /** Sets the text beside the spinner, and starts it. */
  show(text: string): void;
  /** Prints a line above the spinner. */
  print(line: string): void;
  stop(): void;
}

/** Columns the spinner itself and the blank after it take, and one so that the line never wraps. */
const MARGIN = 3;

/** A spinner on `stream`, which is a terminal. */
export function openSpinner(stream: NodeJS.WriteStream): Spinner {
  let ora: Ora | undefined;
  let text = '';
  let state: 'idle' | 'loading' | 'spinning' | 'stopped' = 'idle';
  const load = async (): Promise<void> => {
    state = 'loading';
    const { default: create } = await import('ora');
    // A spinner that takes standard input would swallow the Ctrl-C that main waits for.
    ora = create({ stream, text: fitted(), discardStdin: false });
    if ((state as string) === 'stopped') return;
    state = 'spinning';
    ora.start();
  };
  const fitted = (): string => truncateText(text, (stream.columns || 80) - MARGIN);
  return {
    show(next) {
      text = next;
      if (state === 'idle') void load();
      else if (state === 'spinning' && ora) ora.text = fitted();
    },
    print(line) {
      if (state === 'spinning') ora?.clear();
      stream.write(`${line}\n`);
      if (state === 'spinning') ora?.render();
    },
    stop() {
      state = 'stopped';
      ora?.stop();
    },
  };
}
