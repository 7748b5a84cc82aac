/** The fleet's lineage beside its inventory: who has lost the inventory finds what runs by it. */
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { codeOf } from '../host/code-of.ts';
import { ProjectFileError } from '../model/errors.ts';
import { makeDirectory, writeProjectFile } from './project-file.ts';

/** The lineage that is kept in a file; undefined if there is none. @throws ProjectFileError */
export async function readLineage(path: string): Promise<string | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    const code = codeOf(cause);
    if (code === 'ENOENT') return undefined;
    throw new ProjectFileError(`Cannot read the fleet's lineage as the system refuses it (${code}): ${path}`, {
      cause,
    });
  }
  const lineage = text.trim();
  if (/^[\w.-]{1,64}$/.test(lineage)) return lineage;
  // A new lineage would leave behind all that runs.
  throw new ProjectFileError(`Cannot read the fleet's lineage as the file does not hold one: ${path}`);
}

/** Keeps a lineage; writes nothing where it is kept already. @throws ProjectFileError */
export async function keepLineage(path: string, lineage: string): Promise<void> {
  // The inventory, which is whole, is right where the two differ.
  const kept = await readLineage(path).catch(() => undefined);
  if (kept === lineage) return;
  await makeDirectory(dirname(path));
  await writeProjectFile(path, `${lineage}\n`);
}
