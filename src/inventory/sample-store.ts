/** Samples of subscriptions, run after run: JSON lines that are appended to, bounded in time and size. */
import { open, readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { codeOf } from '../host/code-of.ts';
import { ProjectFileError } from '../model/errors.ts';
import type { Instant } from '../model/quantity.ts';
import type { History, SubscriptionSample } from '../model/signal.ts';
import { STATE_DIRECTORY } from './file-inventory.ts';
import { makeDirectory, writeError, writeProjectFile } from './project-file.ts';
import { readTail } from './read-tail.ts';
import { formatSampleLine, parseSampleLine, timeOfLine, type SampleSet } from './sample-line.ts';
import { thinSamples } from './thin-samples.ts';

export interface SampleStore {
  readonly location: string;
  /**
   * Samples from `since` to `until`, by alias, oldest first. Lines that are torn or damaged are left out with one warning; what stands
   * before a line that is older than `since` is not read. @throws ProjectFileError when the system refuses
   */
  read(since: Instant, until: Instant): Promise<History>;
  /** Adds the samples of one run in one write; a crash tears the last line at most. @throws ProjectFileError */
  append(set: SampleSet): Promise<void>;
}

export interface SampleStoreOptions {
  /** Size in bytes from which old lines are thinned, to half of it. Default 64 MiB. */
  readonly maxSize?: number;
  readonly onWarning: (message: string) => void;
}

/** What was read, so that round after round of one program reads nothing again. */
interface Memory {
  readonly inode: number;
  readonly size: number;
  readonly since: number;
  readonly sets: readonly SampleSet[];
}

/** The samples in `.stratos/samples.jsonl` of a project. */
export function sampleStore(directory: string, options: SampleStoreOptions): SampleStore {
  const folder = join(resolve(directory), STATE_DIRECTORY);
  const location = join(folder, 'samples.jsonl');
  const maxSize = options.maxSize ?? 64 * 2 ** 20;
  let memory: Memory | undefined;
  return {
    location,
    async read(since, until) {
      try {
        const { ino, size } = await stat(location);
        if (memory?.inode !== ino || memory.size !== size || memory.since > since) {
          memory = { inode: ino, ...(await readSets(location, size, since, options.onWarning)), since };
        }
      } catch (cause) {
        if (codeOf(cause) === 'ENOENT') return {};
        throw new ProjectFileError(`Cannot read the samples as the system refuses it (${codeOf(cause)}): ${location}`, {
          cause,
        });
      }
      // What has become too old in the meantime is let go; what is of the future may come again.
      memory = { ...memory, since, sets: memory.sets.filter(({ at }) => at >= since) };
      return historyOf(memory.sets.filter(({ at }) => at <= until));
    },
    async append(set) {
      const line = formatSampleLine(set);
      try {
        await makeDirectory(folder);
        const before = memory;
        const written = await appendLine(location, line);
        memory =
          before?.inode === written.inode && before.size === written.before
            ? { ...before, size: written.size, sets: [...before.sets, set] }
            : undefined;
        if (written.size > maxSize) {
          memory = undefined;
          await compact(location, set.at, maxSize / 2);
        }
      } catch (cause) {
        throw cause instanceof ProjectFileError ? cause : writeError(location, cause);
      }
    },
  };
}

async function readSets(
  location: string,
  size: number,
  since: number,
  onWarning: (message: string) => void,
): Promise<Pick<Memory, 'size' | 'sets'>> {
  const isOld = (line: string): boolean => (timeOfLine(line) ?? Number.POSITIVE_INFINITY) < since;
  const lines = await readTail(location, size, isOld);
  const sets: SampleSet[] = [];
  let damaged = 0;
  for (const line of lines) {
    if (line === '' || isOld(line)) continue;
    const set = parseSampleLine(line);
    if (set) sets.push(set);
    else damaged++;
  }
  if (damaged > 0)
    onWarning(
      `${String(damaged)} ${damaged === 1 ? 'line' : 'lines'} of the samples cannot be read and are left out: ${location}`,
    );
  return { size, sets };
}

/** In order of time, whatever the clock did between two lines; of one time the later line counts. */
function historyOf(sets: readonly SampleSet[]): History {
  const history: Record<string, SubscriptionSample[]> = {};
  for (const { samples } of sets.toSorted((a, b) => a.at - b.at)) {
    for (const alias in samples) {
      const sample = samples[alias];
      const list = (history[alias] ??= []);
      if (!sample) continue;
      if (list.at(-1)?.at === sample.at) list.pop();
      list.push(sample);
    }
  }
  return history;
}

async function appendLine(
  location: string,
  line: string,
): Promise<{ readonly inode: number; readonly before: number; readonly size: number }> {
  const file = await open(location, 'a+', 0o600);
  try {
    const { ino, size } = await file.stat();
    // A torn line must not swallow ours.
    const isTorn = size > 0 && (await file.read(Buffer.alloc(1), 0, 1, size - 1)).buffer[0] !== 0x0a;
    const text = Buffer.from(isTorn ? `\n${line}` : line);
    await file.writeFile(text);
    return { inode: ino, before: size, size: size + text.length };
  } finally {
    await file.close();
  }
}

/** Replaced as a whole: whoever reads meanwhile has the old file. */
async function compact(location: string, now: number, budget: number): Promise<void> {
  const lines = (await readFile(location, 'utf8')).split('\n').flatMap((text) => {
    const at = timeOfLine(text);
    return at === undefined ? [] : [{ at, text, bytes: Buffer.byteLength(text) + 1 }];
  });
  const kept = thinSamples(lines, now, budget);
  await writeProjectFile(location, kept.map(({ text }) => `${text}\n`).join(''), { durable: false });
}
