import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Endpoint } from '../../../src/model/endpoint.ts';
import { ProjectFileError } from '../../../src/model/errors.ts';
import { fingerprint, hostKeyAlgorithms, parsePublicKey } from '../../../src/ssh/host-keys.ts';
import { ensureKeyPair, generateHostKey } from '../../../src/ssh/key-pair.ts';
import { writeKnownHosts } from '../../../src/ssh/known-hosts.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'stratos-keys-'));
});
afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

test('generateHostKey makes what OpenSSH reads', () => {
  for (let i = 0; i < 5; i += 1) {
    const { privateKey, publicKey } = generateHostKey();
    const file = join(dir, `key${String(i)}`);
    writeFileSync(file, privateKey.reveal(), { mode: 0o600 });
    expect(execFileSync('ssh-keygen', ['-y', '-f', file], { encoding: 'utf8' }).trim()).toBe(publicKey);
    const shown = execFileSync('ssh-keygen', ['-lf', file], { encoding: 'utf8' }).split(' ')[1];
    expect(fingerprint(parsePublicKey(publicKey)?.blob ?? Buffer.alloc(0))).toBe(shown);
  }
});

test('ensureKeyPair makes one pair, also when asked many times at once', async () => {
  const at = join(dir, 'deep/keys');
  const pairs = await Promise.all(Array.from({ length: 8 }, () => ensureKeyPair(at)));
  expect(new Set(pairs.map((pair) => pair.publicKey)).size).toBe(1);
  expect(await ensureKeyPair(at)).toEqual(pairs[0]);
  expect(statSync(join(at, 'id_ed25519')).mode & 0o777).toBe(0o600);
  expect(readFileSync(join(at, 'id_ed25519.pub'), 'utf8').trim()).toBe(pairs[0]?.publicKey);
});

test('ensureKeyPair refuses a file that is not its key, and leaves it', async () => {
  writeFileSync(join(dir, 'id_ed25519'), 'somebody else');
  await expect(ensureKeyPair(dir)).rejects.toBeInstanceOf(ProjectFileError);
  expect(readFileSync(join(dir, 'id_ed25519'), 'utf8')).toBe('somebody else');
});

test('ensureKeyPair says why it cannot write', async () => {
  writeFileSync(join(dir, 'file'), '');
  await expect(ensureKeyPair(join(dir, 'file', 'keys'))).rejects.toThrow(/Cannot make the key pair .*ENOTDIR/);
});

test('parsePublicKey takes OpenSSH public keys alone', () => {
  const { publicKey } = generateHostKey();
  expect(parsePublicKey(`  ${publicKey} comment with words\n`)?.type).toBe('ssh-ed25519');
  expect(parsePublicKey(publicKey.replace('ssh-ed25519', 'ssh-rsa'))).toBeUndefined();
  expect(parsePublicKey('ssh-ed25519')).toBeUndefined();
  expect(parsePublicKey('')).toBeUndefined();
});

test('hostKeyAlgorithms asks for the pinned types, RSA without SHA-1', () => {
  const blob = Buffer.alloc(0);
  expect(
    hostKeyAlgorithms([
      { type: 'ssh-rsa', blob },
      { type: 'ssh-ed25519', blob },
    ]),
  ).toEqual(['rsa-sha2-512', 'rsa-sha2-256', 'ssh-ed25519']);
});

test('writeKnownHosts writes what ssh-keygen finds, one file for one set of keys', async () => {
  const endpoint: Endpoint = { address: '::1', port: 22, user: 'root', hostKeys: [generateHostKey().publicKey] };
  const files = await Promise.all([1, 2, 3].map(() => writeKnownHosts(join(dir, 'new'), 'vm', endpoint)));
  expect(new Set(files).size).toBe(1);
  const found = execFileSync('ssh-keygen', ['-F', 'stratos', '-f', files[0] ?? ''], { encoding: 'utf8' });
  expect(found).toContain((endpoint.hostKeys[0] ?? '').split(' ')[1]);
  mkdirSync(join(dir, 'closed'));
  chmodSync(join(dir, 'closed'), 0o700);
  expect(existsSync(files[0] ?? '')).toBe(true);
});
