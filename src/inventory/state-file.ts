/** Small JSON files of a project that may be lost: what a run leaves for the next one. */
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { codeOf } from '../host/code-of.ts';
import { STATE_DIRECTORY } from './file-inventory.ts';
import { makeDirectory, writeProjectFile } from './project-file.ts';

export interface StateFile<T> {
  readonly location: string;
  /** What was written last; `empty` where there is nothing yet, and with a warning where it cannot be read. */
  read(): Promise<T>;
  /** Replaces it as a whole, without waiting for a disk. @throws ProjectFileError */
  write(value: T): Promise<void>;
}

export interface StateFileSettings<T> {
  /** File in `.stratos/`. */
  readonly name: string;
  /** What it is, for messages: `counters`. */
  readonly what: string;
  /** What is lost with it, for the warning. */
  readonly loss: string;
  readonly empty: T;
  /** What is wrong with a value; undefined: nothing. */
  readonly problemOf: (value: unknown) => string | undefined;
  readonly onWarning: (message: string) => void;
}

const VERSION = 1;

/** The file in a project directory. */
export function stateFile<T>(directory: string, settings: StateFileSettings<T>): StateFile<T> {
  const { name, what, loss, empty, problemOf, onWarning } = settings;
  const folder = join(resolve(directory), STATE_DIRECTORY);
  const location = join(folder, name);
  const beginAnew = (reason: string): T => {
    onWarning(`Cannot read the ${what} as ${reason}: ${location}; ${loss}`);
    return empty;
  };
  return {
    location,
    async read() {
      let text: string;
      try {
        text = await readFile(location, 'utf8');
      } catch (cause) {
        return codeOf(cause) === 'ENOENT' ? empty : beginAnew(`the system refuses it (${codeOf(cause)})`);
      }
      const file = parse(text);
      if (typeof file !== 'object' || file === null) return beginAnew('the file is damaged');
      const { version, value } = file as { version?: unknown; value?: unknown };
      if (version !== VERSION) return beginAnew('another version of stratos wrote it');
      const problem = problemOf(value);
      return problem === undefined ? (value as T) : beginAnew(`the file is damaged: ${problem}`);
    },
    async write(value) {
      await makeDirectory(folder);
      await writeProjectFile(location, `${JSON.stringify({ version: VERSION, value })}\n`, { durable: false });
    },
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
