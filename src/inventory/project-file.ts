/** Writing the files of a project: as `host/` does it, with the system's refusals in words. */
import { mkdir } from 'node:fs/promises';
import { atomicWrite, createExclusively } from '../host/atomic-file.ts';
import type { AtomicWriteOptions } from '../host/atomic-file.ts';
import { codeOf } from '../host/code-of.ts';
import { ProjectFileError } from '../model/errors.ts';

/** {@link atomicWrite} of a file of the project. @throws ProjectFileError when the system refuses */
export async function writeProjectFile(path: string, text: string, options?: AtomicWriteOptions): Promise<void> {
  try {
    await atomicWrite(path, text, options);
  } catch (cause) {
    throw writeError(path, cause);
  }
}

/** {@link createExclusively} of a file of the project. @throws ProjectFileError when the system refuses */
export async function createProjectFile(path: string, text: string, mode?: number): Promise<boolean> {
  try {
    return await createExclusively(path, text, mode);
  } catch (cause) {
    throw writeError(path, cause);
  }
}

/** Makes a directory of the project, for its owner only. @throws ProjectFileError */
export async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw writeError(path, cause);
  }
}

/** The system's refusal to write, in words. */
export function writeError(path: string, cause: unknown): ProjectFileError {
  const code = codeOf(cause);
  const reason = REASONS[code] ?? `the system refuses it (${code || String(cause)})`;
  return new ProjectFileError(`Cannot write the file as ${reason}: ${path}`, { cause });
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'its directory is not writable',
  EPERM: 'its directory is not writable',
  EROFS: 'its file system is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  ENOENT: 'its directory does not exist',
  ENOTDIR: 'what should be its directory is a file',
  EISDIR: 'a directory has its name',
};
