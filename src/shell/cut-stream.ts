/** Finds the markers of a batch in one output stream, whatever the pieces it arrives in. */

/** What stood before a marker, and the marker: `<nonce> <label> <status>` and a newline. */
export interface Marker {
  /** `start`, `end` or the index of a step. */
  readonly label: string;
  readonly status: number;
  /** The output since the marker before. */
  readonly text: string;
  /** Says how much output was dropped; empty when none was. */
  readonly note: string;
}

export interface StreamCutter {
  feed(chunk: Buffer): readonly Marker[];
  /** The output since the last marker, as far as it is kept. */
  rest(): string;
}

/**
 * Cuts at markers with this nonce; keeps at most `limit` bytes between two of them. With `onPiece`, what belongs to a step (all
 * after the first marker) goes there instead of being kept. Linear in the bytes fed.
 */
export function streamCutter(nonce: string, limit: number, onPiece?: (piece: Buffer) => void): StreamCutter {
  let parts: Buffer[] = [];
  let kept = 0;
  let dropped = 0;
  /** Bytes that may be the beginning of a marker. */
  let tail = Buffer.alloc(0);
  let started = false;

  const keep = (piece: Buffer): void => {
    if (onPiece && started) {
      if (piece.length > 0) onPiece(piece);
      return;
    }
    const room = limit - kept;
    if (piece.length > room) dropped += piece.length - Math.max(0, room);
    const fitting = piece.length > room ? piece.subarray(0, Math.max(0, room)) : piece;
    if (fitting.length > 0) parts.push(fitting);
    kept += fitting.length;
  };
  const take = (): Pick<Marker, 'text' | 'note'> => {
    const note =
      dropped > 0 ? `stratos: ${String(dropped)} bytes of output beyond ${String(limit)} were dropped\n` : '';
    const text = Buffer.concat(parts).toString('utf8');
    parts = [];
    kept = 0;
    dropped = 0;
    return { text, note };
  };

  return {
    feed(chunk) {
      const markers: Marker[] = [];
      let data = tail.length > 0 ? Buffer.concat([tail, chunk]) : chunk;
      for (;;) {
        const at = data.indexOf(nonce);
        const newline = at < 0 ? -1 : data.indexOf(10, at);
        if (newline < 0) {
          const safe = at < 0 ? data.length - beginning(nonce, data) : at;
          keep(data.subarray(0, safe));
          tail = Buffer.from(data.subarray(safe));
          return markers;
        }
        keep(data.subarray(0, at));
        const [, label = '', status = ''] = data.toString('latin1', at, newline).split(' ');
        markers.push({ label, status: Number(status), ...take() });
        started = true;
        data = data.subarray(newline + 1);
      }
    },
    rest: () => Buffer.concat([...parts, tail]).toString('utf8'),
  };
}

/** How many bytes at the end of `data` may be the beginning of the nonce: no more are held back, as somebody may be waiting. */
function beginning(nonce: string, data: Buffer): number {
  const end = data.subarray(-nonce.length + 1).toString('latin1');
  for (let length = end.length; length > 0; length -= 1) if (nonce.startsWith(end.slice(-length))) return length;
  return 0;
}
