import { readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SECRET_KEY_FILE, ensureSecretKey } from '../../../src/inventory/secret-key.ts';
import { ProjectFileError } from '../../../src/model/errors.ts';
import { tempDir } from './temp-dir.ts';

describe('ensureSecretKey', () => {
  it('makes a key once, readable by its owner only, on which many at once agree', async () => {
    const directory = join(await tempDir(), 'state');
    const keys = await Promise.all(Array.from({ length: 16 }, () => ensureSecretKey(directory)));
    expect(new Set([...keys, await ensureSecretKey(directory)]).size).toBe(1);
    expect(keys[0]).toMatch(/^[0-9a-f]{64}$/);
    expect((await stat(join(directory, SECRET_KEY_FILE))).mode & 0o777).toBe(0o600);
    expect(await readdir(directory)).toEqual([SECRET_KEY_FILE]);
  });

  it('makes another one for another project', async () => {
    expect(await ensureSecretKey(await tempDir())).not.toBe(await ensureSecretKey(await tempDir()));
  });

  it('refuses what is not a key, without showing or replacing it', async () => {
    const directory = await tempDir();
    await writeFile(join(directory, SECRET_KEY_FILE), 'hunter2\n');
    const refused = await ensureSecretKey(directory).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(ProjectFileError);
    expect(String(refused)).not.toContain('hunter2');
    expect(await readFile(join(directory, SECRET_KEY_FILE), 'utf8')).toBe('hunter2\n');
  });
});
