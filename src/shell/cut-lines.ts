/** Output as it comes, in lines. */

export interface LineCutter {
  feed(piece: Buffer): void;
  /** Gives what came after the last end of a line. */
  end(): void;
}

/** Gives each line as soon as all of it is there, without its end. */
export function cutLines(onLine: (line: string) => void): LineCutter {
  let rest = '';
  return {
    feed(piece) {
      const parts = (rest + piece.toString('utf8')).split('\n');
      rest = parts.pop() ?? '';
      for (const line of parts) onLine(line);
    },
    end() {
      if (rest !== '') onLine(rest);
      rest = '';
    },
  };
}
