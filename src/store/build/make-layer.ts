/** Turns a tar stream into a compressed layer file, both digests computed on the way. */
import { execa } from 'execa';
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { Transform } from 'node:stream';
import type { TransformCallback } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { InterruptedError } from '../../model/errors.ts';
import type { NewLayer } from '../directory-store.ts';
import { MEDIA } from '../oci.ts';
import { missingTool, PLAIN_ENV, toolFailure } from './run-tool.ts';

/** A program whose standard output is a tar. */
export interface TarSource {
  readonly title: string;
  readonly file: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Lines of its standard error. */
  readonly onLine?: (line: string) => void;
  /** The first line of its standard output is no part of the tar and is given here. */
  readonly onHead?: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Level of zstd: a layer is compressed once and copied often. */
const LEVEL = '-8';

/** Runs the program and compresses its tar into `path`. @throws StoreError, InterruptedError */
export async function makeLayer(source: TarSource, path: string): Promise<NewLayer> {
  const { title, signal } = source;
  const options = { extendEnv: false, reject: false, buffer: false, forceKillAfterDelay: 2000 } as const;
  const cancel = signal ? { cancelSignal: signal } : {};
  const tail: string[] = [];
  const note = function* (line: unknown): Generator<string> {
    tail.push(String(line));
    if (tail.length > 15) tail.shift();
    source.onLine?.(String(line));
    yield String(line);
  };
  const tar = execa(source.file, [...source.args], {
    ...options,
    ...cancel,
    env: { ...PLAIN_ENV, ...source.env },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: note,
    encoding: 'buffer',
  });
  const zstd = execa('zstd', ['-q', '-c', '-T0', LEVEL], {
    ...options,
    ...cancel,
    env: PLAIN_ENV,
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'ignore',
    encoding: 'buffer',
  });
  // Standard error is read for its lines only; unread, it would stop the program.
  tar.stderr.resume();
  const plain = meter();
  const packed = meter();
  const head = source.onHead ? [skipHead(source.onHead)] : [];
  const [, , tarResult, zstdResult] = await Promise.all([
    pipeline([tar.stdout, ...head, plain.stream, zstd.stdin]).catch(() => undefined),
    pipeline(zstd.stdout, packed.stream, createWriteStream(path)),
    tar,
    zstd,
  ]);
  if (signal?.aborted === true) throw new InterruptedError(`Cannot ${title} as the run was interrupted`);
  if (tarResult.code === 'ENOENT') throw missingTool(source.file, title);
  if (zstdResult.code === 'ENOENT') throw missingTool('zstd', title);
  if (tarResult.failed) throw toolFailure(title, tarResult.exitCode ?? tarResult.signal, tail);
  if (zstdResult.failed) throw toolFailure(title, zstdResult.exitCode ?? zstdResult.signal, ['zstd']);
  return {
    mediaType: MEDIA.layerZstd,
    digest: packed.digest(),
    size: packed.size(),
    diffId: plain.digest(),
    unpackedSize: plain.size(),
  };
}

interface Meter {
  readonly stream: Transform;
  digest(): string;
  size(): number;
}

/** Counts and hashes what passes. */
function meter(): Meter {
  const hash = createHash('sha256');
  let size = 0;
  const stream = new Transform({
    highWaterMark: 1 << 20,
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      size += chunk.length;
      done(null, chunk);
    },
  });
  return { stream, digest: () => `sha256:${hash.digest('hex')}`, size: () => size };
}

/** Takes the first line out of a stream. */
function skipHead(onHead: (line: string) => void): Transform {
  let head: Buffer | undefined = Buffer.alloc(0);
  return new Transform({
    transform(chunk: Buffer, _encoding, done: TransformCallback) {
      if (!head) {
        done(null, chunk);
        return;
      }
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf(10);
      if (end === -1) {
        done();
        return;
      }
      onHead(head.subarray(0, end).toString('utf8'));
      const rest = head.subarray(end + 1);
      head = undefined;
      done(null, rest);
    },
  });
}
