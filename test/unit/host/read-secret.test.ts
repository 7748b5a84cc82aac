import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readSecret } from '../../../src/host/read-secret.ts';
import type { SecretRef } from '../../../src/model/secret-ref.ts';

const env = { PATH: process.env.PATH, TOKEN: 'of-env' };
const read = async (ref: SecretRef) => (await readSecret(ref, 'use the cloud', env)).reveal();
const command = (...argv: string[]): SecretRef => ({ kind: 'command', command: argv, cwd: tmpdir() });

describe('readSecret', () => {
  it('reads a variable, a file and what a program prints', async () => {
    const file = join(await mkdtemp(join(tmpdir(), 'secret-')), 'token');
    await writeFile(file, 'of-file\n');
    expect(await read({ kind: 'env', variable: 'TOKEN' })).toBe('of-env');
    expect(await read({ kind: 'file', path: file })).toBe('of-file');
    expect(await read(command('sh', '-c', 'printf "%s\\n" "$TOKEN"'))).toBe('of-env');
    expect(await read(command('pwd'))).toBe(tmpdir());
  });

  it('passes arguments as they are', async () => {
    expect(await read(command('printf', '%s', '$(id) "x"'))).toBe('$(id) "x"');
  });

  it.each<[SecretRef, string]>([
    [{ kind: 'env', variable: 'NONE' }, 'Cannot use the cloud as the environment variable is not set: NONE'],
    [{ kind: 'file', path: '/no/such' }, 'Cannot use the cloud as the file cannot be read: /no/such'],
    [command('no-such-program'), 'Cannot use the cloud as the program is not there: no-such-program'],
    [command('sh', '-c', 'echo hidden; echo locked >&2; exit 3'), 'Cannot use the cloud as sh ends with 3: locked'],
    [command('true'), 'Cannot use the cloud as true prints nothing'],
  ])('says what is wrong with %o', async (ref, message) => {
    await expect(read(ref)).rejects.toThrow(message);
  });
});
