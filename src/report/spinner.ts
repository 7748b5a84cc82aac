/** A spinner on the last line of a terminal, with finished lines above it. ora is loaded when there is something to show. */
import type { Ora } from 'ora';
import { truncateText } from './text-width.ts';

export interface Spinner {
  /** Sets the text beside the spinner, and starts it. */
  show(text: string): void;
  /** Prints a line above the spinner. */
  print(line: string): void;
  /** Takes it away; the next `show` brings it back. */
  stop(): void;
}

/** Columns the spinner itself and the blank after it take, and one so that the line never wraps. */
const MARGIN = 3;

/** A spinner on `stream`, which is a terminal. */
export function openSpinner(stream: NodeJS.WriteStream): Spinner {
  let ora: Ora | undefined;
  let loading = false;
  let wanted = false;
  let text = '';
  const fitted = (): string => truncateText(text, stream.columns - MARGIN);
  const load = async (): Promise<void> => {
    loading = true;
    const { default: create } = await import('ora');
    // A spinner that takes standard input would swallow the Ctrl-C that main waits for.
    ora = create({ stream, discardStdin: false });
    if (wanted) ora.start(fitted());
  };
  return {
    show(next) {
      text = next;
      wanted = true;
      if (ora?.isSpinning) ora.text = fitted();
      else if (ora) ora.start(fitted());
      else if (!loading) void load();
    },
    print(line) {
      if (!ora?.isSpinning) {
        stream.write(`${line}\n`);
        return;
      }
      ora.clear();
      stream.write(`${line}\n`);
      ora.render();
    },
    stop() {
      wanted = false;
      ora?.stop();
    },
  };
}
