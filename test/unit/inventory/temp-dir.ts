import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A directory for one test, removed after it. */
export async function tempDir(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'stratos-inventory-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}
