import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { knownHostKeys, parsePublicKey } from '../../../src/inventory/host-keys.ts';
import { tempDir } from './temp-dir.ts';

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';

describe('parsePublicKey', () => {
  it('drops the comment, and refuses what is cut, of another type, or a private key', () => {
    expect(parsePublicKey(` ${KEY} root@rack1 `)).toBe(KEY);
    expect(parsePublicKey(KEY.slice(0, -8))).toBeUndefined();
    expect(parsePublicKey(KEY.replace('ssh-ed25519 ', 'ssh-rsa '))).toBeUndefined();
    expect(parsePublicKey('-----BEGIN OPENSSH PRIVATE KEY-----')).toBeUndefined();
    expect(parsePublicKey('')).toBeUndefined();
  });
});

describe('knownHostKeys', () => {
  it.each([
    ['a name', `rack1 ${KEY}`, 'rack1', 22, 1],
    ['one of several names in another case', `10.0.0.1,Rack1 ${KEY} comment`, 'rACK1', 22, 1],
    ['another port', `[rack1]:2222 ${KEY}`, 'rack1', 2222, 1],
    ['the wrong port', `rack1 ${KEY}`, 'rack1', 2222, 0],
    ['a pattern', `*.example.org,!bad.example.org ${KEY}`, 'a.example.org', 22, 1],
    ['an excluded name', `*.example.org,!bad.example.org ${KEY}`, 'bad.example.org', 22, 0],
    ['a dot that is a dot', `rack.1 ${KEY}`, 'rackx1', 22, 0],
    ['a revoked key', `rack1 ${KEY}\n@revoked * ${KEY}`, 'rack1', 22, 0],
    ['an authority', `@cert-authority * ${KEY}`, 'rack1', 22, 0],
    ['comments and broken lines', `# rack1 ${KEY}\n\nrack1\nrack1 ssh-ed25519\nrack1 ${KEY}`, 'rack1', 22, 1],
  ])('finds %s', (_, text, address, port, count) => {
    expect(knownHostKeys(text, address, port)).toEqual(Array.from({ length: count }, () => KEY));
  });

  it('finds names that ssh-keygen hashed', async () => {
    const file = join(await tempDir(), 'known_hosts');
    writeFileSync(file, `rack1 ${KEY}\n[rack2]:2222 ${KEY}\n`);
    execFileSync('ssh-keygen', ['-H', '-f', file], { stdio: 'ignore' });
    const text = readFileSync(file, 'utf8');
    expect(text).not.toContain('rack1');
    expect(knownHostKeys(text, 'rack1', 22)).toEqual([KEY]);
    expect(knownHostKeys(text, 'rack2', 2222)).toEqual([KEY]);
    expect(knownHostKeys(text, 'rack3', 22)).toEqual([]);
  });
});
