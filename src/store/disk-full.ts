/** What a store says when its disk has no room, wherever it was about to write. */
import { codeOf } from '../host/code-of.ts';
import { StoreError } from '../model/errors.ts';

/** Whether the system, or this store by {@link diskFull}, refused as the disk, or its owner's share of it, is full. */
export function isDiskFull(error: unknown): boolean {
  const cause = error instanceof StoreError ? error.cause : error;
  return ['ENOSPC', 'EDQUOT'].includes(codeOf(cause));
}

/** The error for it: `verb` as in "store the blob", and the folder that was to be written to. */
export function diskFull(verb: string, folder: string, cause: unknown): StoreError {
  return new StoreError(`Cannot ${verb} as the disk is full: ${folder}`, { hint: `df -h ${folder}`, cause });
}
