/** The last lines of a file that grows at its end, without reading what stands before them. */
import { open } from 'node:fs/promises';

const BLOCK = 2 ** 20;

/**
 * Lines of the first `size` bytes, oldest first, from the last one that `isOld` accepts. What is cut at the beginning of a block that was
 * read is not among them.
 * @throws the system's error when it refuses
 */
export async function readTail(
  path: string,
  size: number,
  isOld: (line: string) => boolean,
): Promise<readonly string[]> {
  const file = await open(path, 'r');
  try {
    let lines: string[] = [];
    /** Beginning of the oldest line so far, whose start is not read yet. */
    let cut: Buffer = Buffer.alloc(0);
    let from = size;
    while (from > 0) {
      const length = Math.min(BLOCK, from);
      from -= length;
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, from);
      const data = Buffer.concat([buffer.subarray(0, bytesRead), cut]);
      const start = from === 0 ? 0 : data.indexOf(10) + 1;
      if (from > 0 && start === 0) {
        cut = data;
        continue;
      }
      cut = data.subarray(0, start);
      const block = data.toString('utf8', start).split('\n');
      lines = block.concat(lines);
      if (block.some((line) => isOld(line))) break;
    }
    return lines;
  } finally {
    await file.close();
  }
}
