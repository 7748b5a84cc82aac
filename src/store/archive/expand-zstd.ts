/** Expands what zstd has compressed, all frames of it: the stream of Node ends with the first, and `zstd:chunked` has one for each file. */
import { pipeline } from 'node:stream/promises';
import { createZstdDecompress } from 'node:zlib';

const FRAME = 0xfd2fb528;
/** The last four bits are free. */
const SKIPPABLE = 0x184d2a50;
/** Bytes that the size of the content takes in a frame's head, by its first two bits; the first also by "single segment". */
const CONTENT_SIZES = [0, 2, 4, 8] as const;
const DICTIONARY_SIZES = [0, 1, 2, 4] as const;

/** Reads frame by frame (RFC 8878, 3.1). @throws Error when a frame is cut or is none */
export async function* expandZstd(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const bytes = reader(source);
  try {
    while (await bytes.more()) {
      const magic = await bytes.take(4);
      const number = magic.readUInt32LE();
      if ((number & 0xfffffff0) >>> 0 === SKIPPABLE) {
        for await (const _ of bytes.pieces((await bytes.take(4)).readUInt32LE()));
        continue;
      }
      if (number !== FRAME) throw new Error('it has something between its frames');
      const expander = createZstdDecompress();
      const feeding = pipeline(frame(magic, bytes), expander);
      // It fails the reading too.
      feeding.catch(() => undefined);
      yield* expander as AsyncIterable<Buffer>;
      await feeding;
    }
  } finally {
    await bytes.close();
  }
}

type Reader = ReturnType<typeof reader>;

/** The bytes of the frame that has begun. */
async function* frame(magic: Buffer, bytes: Reader): AsyncGenerator<Buffer> {
  yield magic;
  const head = await bytes.take(1);
  yield head;
  const [flags = 0] = head;
  const isSingle = (flags & 0x20) !== 0;
  const content = CONTENT_SIZES[(flags >> 6) as 0 | 1 | 2 | 3];
  const length =
    (isSingle ? 0 : 1) + DICTIONARY_SIZES[(flags & 3) as 0 | 1 | 2 | 3] + (content === 0 && isSingle ? 1 : content);
  if (length > 0) yield await bytes.take(length);
  for (let isLast = false; !isLast;) {
    const block = await bytes.take(3);
    yield block;
    const word = block.readUIntLE(0, 3);
    isLast = (word & 1) === 1;
    // A block of one byte over and over has that byte alone.
    yield* bytes.pieces(((word >> 1) & 3) === 1 ? 1 : word >> 3);
  }
  if ((flags & 4) !== 0) yield await bytes.take(4);
}

/** Hands out the bytes of a stream in the lengths that are asked for. */
function reader(source: AsyncIterable<Buffer>) {
  const chunks = source[Symbol.asyncIterator]();
  let rest: Buffer = Buffer.alloc(0);
  const fill = async (length: number): Promise<boolean> => {
    while (rest.length < length) {
      const next = await chunks.next();
      if (next.done === true) return false;
      rest = rest.length === 0 ? next.value : Buffer.concat([rest, next.value]);
    }
    return true;
  };
  const cut = (length: number): Buffer => {
    const piece = rest.subarray(0, length);
    rest = rest.subarray(piece.length);
    return piece;
  };
  return {
    more: () => fill(1),
    close: async (): Promise<void> => {
      await chunks.return?.();
    },
    async take(length: number): Promise<Buffer> {
      if (!(await fill(length))) throw new Error('it ends early');
      return cut(length);
    },
    async *pieces(length: number): AsyncGenerator<Buffer> {
      for (let left = length; left > 0;) {
        if (!(await fill(1))) throw new Error('it ends early');
        const piece = cut(left);
        left -= piece.length;
        yield piece;
      }
    },
  };
}
