import { execFileSync } from 'node:child_process';
import { constants, zstdCompressSync } from 'node:zlib';
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expandZstd } from '../../../src/store/archive/expand-zstd.ts';

/** As a file that is read in pieces of a size. */
async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size));
}
const expand = async (bytes: Buffer, size = 1000): Promise<Buffer> => {
  const all: Buffer[] = [];
  for await (const piece of expandZstd(pieces(bytes, size))) all.push(piece);
  return Buffer.concat(all);
};
const skippable = (content: Buffer): Buffer => {
  const head = Buffer.alloc(8);
  head.writeUInt32LE(0x184d2a5e);
  head.writeUInt32LE(content.length, 4);
  return Buffer.concat([head, content]);
};

describe('expandZstd', () => {
  it('reads what the library compresses, in any number of frames, whatever the pieces are', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.oneof(
            fc.uint8Array({ maxLength: 400 }),
            fc.nat(300_000).map((n) => Buffer.alloc(n, 'ab')),
          ),
          { maxLength: 4 },
        ),
        fc.integer({ min: 1, max: 70_000 }),
        fc.boolean(),
        async (contents, size, checksum) => {
          const params = { [constants.ZSTD_c_checksumFlag]: Number(checksum) };
          const frames = contents.flatMap((content) => [
            zstdCompressSync(content, { params }),
            skippable(Buffer.from('x')),
          ]);
          expect((await expand(Buffer.concat(frames), size)).equals(Buffer.concat(contents))).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('reads what the program compresses as a stream and in threads', async () => {
    const content = Buffer.concat([randomBytes(3_000_000), Buffer.alloc(3_000_000, 'stratos ')]);
    const streamed = execFileSync('zstd', ['-qc', '-T2', '-8'], { input: content, maxBuffer: 2 ** 24 });
    expect((await expand(streamed, 65_536)).equals(content)).toBe(true);
  });

  it('refuses what is cut, and what is between frames', async () => {
    const frame = zstdCompressSync(Buffer.from('content'));
    await expect(expand(frame.subarray(0, -1))).rejects.toThrow();
    await expect(expand(Buffer.concat([frame, frame.subarray(0, 6)]))).rejects.toThrow('ends early');
    await expect(expand(Buffer.concat([frame, Buffer.from('junk')]))).rejects.toThrow('between its frames');
  });
});
