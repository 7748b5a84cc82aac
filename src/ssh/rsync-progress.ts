/** Reads what `rsync --info=progress2,stats2 --no-human-readable` prints. */

export interface RsyncProgress {
  /** Takes a piece of output; gives the newest progress in it, in bytes, if it has any. */
  feed(text: string): { readonly done: number; readonly total: number } | undefined;
  /** After the end: bytes sent over the wire, and the size of all files. */
  summary(): { readonly sent: number; readonly total: number };
}

/** Makes a reader for one run. The total is an estimate from the percentage until the end tells it. */
export function rsyncProgress(): RsyncProgress {
  let rest = '';
  let sent = 0;
  let total = 0;
  return {
    feed(text) {
      const lines = (rest + text).split(/[\r\n]/);
      rest = lines.pop() ?? '';
      let latest: { done: number; total: number } | undefined;
      for (const line of lines) {
        sent = numberAfter(line, /^Total bytes sent: ([\d,.]+)/) ?? sent;
        total = numberAfter(line, /^Total file size: ([\d,.]+)/) ?? total;
        const match = /^\s*([\d,]+)\s+(\d+)%/.exec(line);
        if (!match) continue;
        const done = digits(match[1]);
        const share = Number(match[2]) / 100;
        // Below one percent nothing can be said about the total yet.
        if (share > 0) latest = { done, total: Math.max(done, Math.round(done / share)) };
      }
      return latest;
    },
    summary: () => ({ sent, total }),
  };
}

function numberAfter(line: string, pattern: RegExp): number | undefined {
  const match = pattern.exec(line);
  return match ? digits(match[1]) : undefined;
}

function digits(text = ''): number {
  return Number(text.replaceAll(/\D/g, ''));
}
