/** A new project directory. */
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { codeOf } from '../host/code-of.ts';
import { ProjectFileError } from '../model/errors.ts';
import { createProjectFile, makeDirectory, writeProjectFile } from './project-file.ts';
import { INVENTORY_FILE, STATE_DIRECTORY } from './file-inventory.ts';
import { SPEC_FILE } from './load-spec.ts';
import { SPEC_SCHEMA } from './schema.ts';
import { starterSpec } from './starter-spec.ts';

export interface InitOptions {
  /** Where VMs shall come from. Default `local`. */
  readonly iaas?: 'local' | 'static';
}

/** Name of the schema that editors use, in the state directory. */
export const SCHEMA_FILE = 'stratos-v1.schema.json';

/**
 * Makes a project: a commented stratos.yaml that is valid as it is, the schema for editors, and lines for .gitignore. The
 * directory is made when missing. Returns what was written, as absolute paths.
 * @throws ProjectFileError when there is a stratos.yaml already (nothing of it is touched then), or the system refuses
 */
export async function initProject(directory: string, options: InitOptions = {}): Promise<readonly string[]> {
  const root = resolve(directory);
  const spec = join(root, SPEC_FILE);
  await makeDirectory(join(root, STATE_DIRECTORY));
  const schema = join(root, STATE_DIRECTORY, SCHEMA_FILE);
  if (
    !(await createProjectFile(spec, starterSpec(options.iaas ?? 'local', `${STATE_DIRECTORY}/${SCHEMA_FILE}`), 0o644))
  )
    throw new ProjectFileError(`Cannot start a project as there is one already: ${spec}`, { hint: 'stratos validate' });
  await writeProjectFile(schema, `${JSON.stringify(SPEC_SCHEMA, undefined, 2)}\n`, { mode: 0o644 });
  const ignore = await ignoreOurs(join(root, '.gitignore'));
  return [spec, schema, ...ignore];
}

/** Keeps what is not for git out of it; adds only what is not there. */
async function ignoreOurs(path: string): Promise<readonly string[]> {
  let text = '';
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if (codeOf(cause) !== 'ENOENT')
      throw new ProjectFileError(`Cannot read the file as the system refuses it (${codeOf(cause)}): ${path}`, {
        cause,
      });
  }
  const there = new Set(text.split('\n').map((line) => line.trim().replace(/^\//, '')));
  const missing = [INVENTORY_FILE, `${INVENTORY_FILE}.previous`, `${STATE_DIRECTORY}/`].filter(
    (line) => !there.has(line),
  );
  if (missing.length === 0) return [];
  const start = text === '' || text.endsWith('\n') ? text : `${text}\n`;
  await writeProjectFile(path, `${start}${missing.map((line) => `/${line}\n`).join('')}`, {
    keepMode: true,
    mode: 0o644,
  });
  return [path];
}
