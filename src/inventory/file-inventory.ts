/** The inventory in a file of the project directory, under a lock file beside it. */
import { randomUUID } from 'node:crypto';
import { open, readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { codeOf } from '../host/code-of.ts';
import { removeLeftovers } from '../host/atomic-file.ts';
import { ProjectFileError, StaleInventoryError } from '../model/errors.ts';
import type { Inventory } from '../model/inventory.ts';
import { quote } from '../shell/quote.ts';
import { makeDirectory, writeProjectFile } from './project-file.ts';
import { breakLock, readHolder, takeLock } from './file-lock.ts';
import { formatInventory, parseInventory } from './inventory-file.ts';
import type { InventoryStore } from './inventory-store.ts';
import { keepLineage, readLineage } from './lineage-file.ts';
import { parseHead } from './record-file.ts';

/** Name of the inventory in a project directory. */
export const INVENTORY_FILE = 'inventory.yaml';
/** Directory of a project for what stratos keeps besides: the lock, the event log, keys. */
export const STATE_DIRECTORY = '.stratos';

export interface FileInventoryOptions {
  /** Version of the program, written into the inventory and the lock. */
  readonly version: string;
}

/**
 * The inventory in `inventory.yaml`, with one previous version in `inventory.yaml.previous`, locked by `.stratos/lock`. Its
 * lineage is also in `.stratos/lineage`: where the inventory is lost, reading gives an empty one of the same lineage, so that
 * what runs is taken up by its labels.
 */
export function fileInventory(directory: string, options: FileInventoryOptions): InventoryStore {
  const { version } = options;
  const root = resolve(directory);
  const location = join(root, INVENTORY_FILE);
  const previous = `${location}.previous`;
  const lockFile = join(root, STATE_DIRECTORY, 'lock');
  const lineageFile = join(root, STATE_DIRECTORY, 'lineage');
  return {
    location,
    async read() {
      const text = await readText(location);
      if (text === undefined) {
        const lineage = (await readLineage(lineageFile)) ?? randomUUID();
        return { lineage, serial: 0, vms: [], processes: [] };
      }
      try {
        return await parseInventory(location, text);
      } catch (error) {
        throw await withWayBack(error, location, previous, lineageFile);
      }
    },
    async write(next) {
      await refuseStale(location, next);
      await keepLineage(lineageFile, next.lineage);
      const written = { ...next, serial: next.serial + 1 };
      await writeProjectFile(location, formatInventory(written, version), { previous });
      return written;
    },
    async lock(operation, lockOptions) {
      await makeDirectory(join(root, STATE_DIRECTORY));
      return takeLock(lockFile, {
        ...lockOptions,
        operation,
        version,
        onTakeover: async ({ pid }) => {
          await removeLeftovers(location, pid);
          await removeLeftovers(lockFile, pid);
        },
      });
    },
    holder: () => readHolder(lockFile),
    unlock: (id) => breakLock(lockFile, id),
  };
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return undefined;
    throw new ProjectFileError(`Cannot read the inventory as the system refuses it (${codeOf(cause)}): ${path}`, {
      cause,
    });
  }
}

/** Compares with what is stored; the head is at the top of the file, so that a large one is not read for it. */
async function refuseStale(location: string, next: Inventory): Promise<void> {
  const stored = await storedHead(location);
  if (!stored) {
    if (next.serial === 0) return;
    throw new StaleInventoryError(`Cannot write the inventory as it is gone since it was read: ${location}`);
  }
  if (stored.lineage !== next.lineage)
    throw new StaleInventoryError(
      `Cannot write the inventory as it is of another fleet: ${location} has lineage ${String(stored.lineage)}, not ${next.lineage}`,
    );
  if (stored.serial !== next.serial)
    throw new StaleInventoryError(
      `Cannot write the inventory as somebody wrote it since it was read: ${location} has serial ${String(stored.serial)}, not ${String(next.serial)}`,
    );
}

async function storedHead(
  location: string,
): Promise<{ readonly lineage: unknown; readonly serial: unknown } | undefined> {
  let start: string;
  try {
    const file = await open(location, 'r');
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(2048), 0, 2048, 0);
      start = buffer.toString('utf8', 0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return undefined;
    throw new ProjectFileError(`Cannot read the inventory as the system refuses it (${codeOf(cause)}): ${location}`, {
      cause,
    });
  }
  const { lineage, serial } = parseHead(start);
  if (lineage !== undefined && serial !== undefined) return { lineage, serial };
  // Somebody edited it into another form.
  return parseInventory(location, await readFile(location, 'utf8'));
}

/**
 * An inventory that cannot be read, where nothing better is known: the previous version is the way back, or what carries the
 * fleet's labels is taken up again.
 */
async function withWayBack(error: unknown, location: string, previous: string, lineage: string): Promise<unknown> {
  if (!(error instanceof ProjectFileError) || error.hint !== undefined) return error;
  if (await exists(previous))
    return new ProjectFileError(error.message, { hint: `cp ${quote(previous)} ${quote(location)}`, cause: error });
  if (!(await exists(lineage))) return error;
  const hint = `mv ${quote(location)} ${quote(`${location}.damaged`)} && stratos reconcile`;
  return new ProjectFileError(error.message, { hint, cause: error });
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
