/** The event log of a project: JSON lines, appended to, bounded. It never has secrets, as events have none. */
import { open, readFile, rename, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { codeOf } from '../host/code-of.ts';
import { ProjectFileError } from '../model/errors.ts';
import type { LoggedEvent, StratosEvent } from '../model/event.ts';
import { makeDirectory, writeError } from './project-file.ts';
import { STATE_DIRECTORY } from './file-inventory.ts';

interface EventQuery {
  /** Only events at or after this time; ISO 8601, UTC. */
  readonly since?: string;
  /** Id of a run, or its beginning. */
  readonly run?: string;
  readonly types?: readonly StratosEvent['type'][];
  /** The newest so many. */
  readonly limit?: number;
}

export interface EventLog {
  readonly location: string;
  /** Adds events in one write; a crash tears the last line at most. @throws ProjectFileError */
  append(events: readonly LoggedEvent[]): Promise<void>;
  /** Events that match, oldest first. Lines that are torn or not ours are left out. @throws ProjectFileError */
  read(query?: EventQuery): Promise<readonly LoggedEvent[]>;
}

export interface EventLogOptions {
  /** Size in bytes from which the log is moved to `events.1.jsonl`, whose content is then given up. Default 10 MiB. */
  readonly maxSize?: number;
}

/** The event log in `.stratos/events.jsonl`; calls of one log are carried out in their order. */
export function eventLog(directory: string, options: EventLogOptions = {}): EventLog {
  const folder = join(resolve(directory), STATE_DIRECTORY);
  const location = join(folder, 'events.jsonl');
  const older = join(folder, 'events.1.jsonl');
  const maxSize = options.maxSize ?? 10 * 2 ** 20;
  let last = Promise.resolve();
  return {
    location,
    append(events) {
      if (events.length === 0) return Promise.resolve();
      const text = events.map((event) => `${JSON.stringify(event)}\n`).join('');
      const done = last.then(() => appendText(folder, location, older, text, maxSize));
      last = done.catch(() => undefined);
      return done;
    },
    async read(query = {}) {
      await last;
      const types = query.types ? new Set<string>(query.types) : undefined;
      const since = query.since === undefined ? undefined : Date.parse(query.since);
      const matching = [...parse(await readText(older)), ...parse(await readText(location))].filter(
        (line) =>
          (query.run === undefined || line.run.startsWith(query.run)) &&
          (types === undefined || types.has(line.event.type)) &&
          (since === undefined || Date.parse(line.at) >= since),
      );
      return query.limit === undefined ? matching : matching.slice(Math.max(0, matching.length - query.limit));
    },
  };
}

async function appendText(
  folder: string,
  location: string,
  older: string,
  text: string,
  maxSize: number,
): Promise<void> {
  try {
    await makeDirectory(folder);
    const size = await stat(location).then(
      ({ size }) => size,
      () => 0,
    );
    if (size > 0 && size + Buffer.byteLength(text) > maxSize) await rename(location, older);
    const file = await open(location, 'a+', 0o600);
    try {
      // A torn line must not swallow the first of ours.
      await file.write((await endsTorn(file)) ? `\n${text}` : text);
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw cause instanceof ProjectFileError ? cause : writeError(location, cause);
  }
}

async function endsTorn(file: FileHandle): Promise<boolean> {
  const { size } = await file.stat();
  if (size === 0) return false;
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
  return buffer[0] !== 0x0a;
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return '';
    throw new ProjectFileError(`Cannot read the event log as the system refuses it (${codeOf(cause)}): ${path}`, {
      cause,
    });
  }
}

function parse(text: string): readonly LoggedEvent[] {
  return text.split('\n').flatMap((line) => {
    try {
      const event = JSON.parse(line) as Partial<LoggedEvent> | null;
      const ours =
        event?.version === 1 &&
        typeof event.at === 'string' &&
        typeof event.run === 'string' &&
        typeof event.event?.type === 'string';
      return ours ? [event as LoggedEvent] : [];
    } catch {
      return [];
    }
  });
}
