/** The disk of first-boot data, read by what others have for that: libarchive's reader of ISO 9660, and `blkid`, which cloud-init asks. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isoImage } from '../../src/iaas/cloud/iso-image.ts';
import { seedImage } from '../../src/iaas/cloud/seed-image.ts';

const run = promisify(execFile);
const seed = { instanceId: '1c9d03ab-web-1-a1', hostname: 'web-1', userData: `#cloud-config\n# ${'ä'.repeat(3000)}\n` };
let directory: string;
let file: string;
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'stratos-seed-'));
  file = path.join(directory, 'seed.iso');
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const written = async (image: Uint8Array): Promise<void> => writeFile(file, image);
const content = async (name: string): Promise<string> => (await run('bsdtar', ['-xOf', file, name])).stdout;
const names = async (tree: 'joliet' | '!joliet'): Promise<readonly string[]> => {
  const { stdout } = await run('bsdtar', ['--options', tree, '-tf', file]);
  return stdout.trim().split('\n');
};

describe('seedImage', () => {
  it('is a volume that cloud-init looks for, with its files under their names', async () => {
    await written(seedImage(seed));
    const { stdout } = await run('blkid', ['-p', '-o', 'export', file]);
    expect(stdout).toContain('LABEL=cidata\n');
    expect(stdout).toContain('TYPE=iso9660\n');
    expect(await names('joliet')).toEqual(['.', 'meta-data', 'user-data']);
    expect(await names('!joliet')).toEqual(['.', 'META-DATA', 'USER-DATA']);
    expect(await content('user-data')).toBe(seed.userData);
    expect(JSON.parse(await content('meta-data'))).toEqual({
      'instance-id': '1c9d03ab-web-1-a1',
      'local-hostname': 'web-1',
    });
  });

  it('sets the network where it is told how', async () => {
    const network = { address: '10.0.0.11/24', gateway: '10.0.0.1', nameservers: ['10.0.0.2'] };
    await written(seedImage({ ...seed, network }));
    expect(JSON.parse(await content('network-config'))).toEqual({
      version: 2,
      ethernets: {
        main: {
          match: { name: 'e*' },
          addresses: ['10.0.0.11/24'],
          routes: [{ to: '0.0.0.0/0', via: '10.0.0.1' }],
          nameservers: { addresses: ['10.0.0.2'] },
        },
      },
    });
  });
});

describe('isoImage', () => {
  it('holds files of any length, also none, and is the same each time', async () => {
    const files = { empty: '', exact: 'a'.repeat(2048), more: 'b'.repeat(2049), 'odd.txt': 'c' };
    await written(isoImage('odd', files));
    for (const [name, text] of Object.entries(files)) expect(await content(name)).toBe(text);
    expect(isoImage('odd', files)).toEqual(isoImage('odd', Object.fromEntries(Object.entries(files).toReversed())));
  });

  it('refuses a name that is none, and more than a directory holds', () => {
    expect(() => isoImage('bad', { '../x': '' })).toThrow(RangeError);
    const many = Array.from({ length: 60 }, (_, at) => [`file-number-${String(at)}`, ''] as const);
    expect(() => isoImage('many', Object.fromEntries(many))).toThrow(RangeError);
  });
});
