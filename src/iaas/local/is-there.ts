import { access } from 'node:fs/promises';

/** Whether a path names something; a symbolic link counts as what it points to. */
export async function isThere(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
