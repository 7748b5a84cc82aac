import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HostError } from '../../../../src/model/errors.ts';
import { Secret } from '../../../../src/model/secret.ts';
import { credentialsFor, keepCredentials } from '../../../../src/store/oci/docker-config.ts';

const encoded = (text: string): string => Buffer.from(text).toString('base64');
let directory: string;
let env: Record<string, string>;
let file: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'docker-config-'));
  file = join(directory, 'config.json');
  env = { DOCKER_CONFIG: directory, PATH: `${directory}:${process.env.PATH ?? ''}`, KEPT: join(directory, 'kept') };
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const configure = (config: object): Promise<void> => writeFile(file, JSON.stringify(config));

/** A credential helper as the protocol has it; what it is given to keep goes to `kept`. */
async function helper(name: string, answer: string, status = 0): Promise<void> {
  await writeFile(join(directory, 'answer'), answer);
  const text = `#!/bin/sh\ncat >"$KEPT.$1"\n[ "$1" = store ] || cat "$(dirname "$0")/answer"\nexit ${String(status)}\n`;
  await writeFile(join(directory, `docker-credential-${name}`), text, { mode: 0o755 });
}

describe('credentialsFor', () => {
  it('finds nothing where there is no file or no entry', async () => {
    expect(await credentialsFor('registry.example', env)).toBeUndefined();
    await configure({ auths: { 'other.example': { auth: encoded('a:b') } } });
    expect(await credentialsFor('registry.example', env)).toBeUndefined();
  });

  it.each(['registry.example:5000', 'https://registry.example:5000', 'https://registry.example:5000/v1/'])(
    'reads the password kept under %s',
    async (key) => {
      await configure({ auths: { [key]: { auth: encoded('ann:a:b c') } } });
      const found = await credentialsFor('registry.example:5000', env);
      expect(found).toMatchObject({ user: 'ann', identity: false });
      expect(found?.secret.reveal()).toBe('a:b c');
    },
  );

  it('reads the password of Docker’s own registry where Docker keeps it', async () => {
    await configure({ auths: { 'https://index.docker.io/v1/': { auth: encoded('ann:pw') } } });
    expect((await credentialsFor('registry-1.docker.io', env))?.user).toBe('ann');
  });

  it('reads the home directory without DOCKER_CONFIG', async () => {
    await mkdir(join(directory, '.docker'));
    await writeFile(join(directory, '.docker/config.json'), JSON.stringify({ auths: { x: { auth: encoded('a:b') } } }));
    expect((await credentialsFor('x', { HOME: directory }))?.user).toBe('a');
  });

  it('reads an identity token', async () => {
    await configure({ auths: { 'registry.example': { auth: encoded('ann:'), identitytoken: 'refresh' } } });
    const found = await credentialsFor('registry.example', env);
    expect(found?.identity).toBe(true);
    expect(found?.secret.reveal()).toBe('refresh');
  });

  it('asks the helper of the registry before that of all', async () => {
    await configure({ credHelpers: { 'registry.example': 'one' }, credsStore: 'two' });
    await helper('one', JSON.stringify({ ServerURL: 'registry.example', Username: 'ann', Secret: 'pw' }));
    expect((await credentialsFor('registry.example', env))?.user).toBe('ann');
    expect(await readFile(join(directory, 'kept.get'), 'utf8')).toBe('registry.example');
    await expect(credentialsFor('other.example', env)).rejects.toThrow(/docker-credential-two as it does not run/);
  });

  it('takes a token of a helper as such', async () => {
    await configure({ credsStore: 'one' });
    await helper('one', JSON.stringify({ Username: '<token>', Secret: 'refresh' }));
    expect(await credentialsFor('registry.example', env)).toMatchObject({ identity: true });
  });

  it('knows that a helper has nothing, and falls back to the file', async () => {
    await configure({ credsStore: 'one', auths: { 'registry.example': { auth: encoded('ann:pw') } } });
    await helper('one', 'credentials not found in native keychain\n', 1);
    expect((await credentialsFor('registry.example', env))?.user).toBe('ann');
    expect(await credentialsFor('other.example', env)).toBeUndefined();
  });

  it.each([
    ['ends with 1', 'locked', 1],
    ['not JSON', 'hello', 0],
    ['no Username', '{}', 0],
  ])('says that a helper is broken: %s', async (_, answer, status) => {
    await configure({ credsStore: 'one' });
    await helper('one', answer, status);
    await expect(credentialsFor('registry.example', env)).rejects.toThrow(HostError);
  });

  it.each(['no json', '[]', '{"auths":{"registry.example":{"auth":"!!"}}}'])(
    'refuses a broken file: %s',
    async (text) => {
      await writeFile(file, text);
      const error: unknown = await credentialsFor('registry.example', env).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(HostError);
      expect((error as Error).message).toContain(file);
    },
  );
});

describe('keepCredentials', () => {
  const password = new Secret('it’s "s:cret"');

  it('keeps a password in a file that only its owner reads, beside what is there', async () => {
    await configure({ auths: { 'other.example': { auth: 'eA==' } }, HttpHeaders: { 'X-Kept': 'yes' } });
    expect(await keepCredentials('registry.example', 'ann', password, env)).toBe(file);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const kept = JSON.parse(await readFile(file, 'utf8')) as { auths: object; HttpHeaders: object };
    expect(kept.HttpHeaders).toEqual({ 'X-Kept': 'yes' });
    expect(Object.keys(kept.auths)).toEqual(['other.example', 'registry.example']);
    expect((await credentialsFor('registry.example', env))?.secret.reveal()).toBe('it’s "s:cret"');
  });

  it('makes the folder', async () => {
    const home = join(directory, 'home');
    await keepCredentials('registry.example', 'ann', password, { HOME: home });
    expect((await stat(join(home, '.docker'))).mode & 0o777).toBe(0o700);
  });

  it('gives it to the helper, and nothing of it to the file', async () => {
    await configure({ credsStore: 'one' });
    await helper('one', '');
    expect(await keepCredentials('registry.example', 'ann', password, env)).toBe('docker-credential-one');
    expect(JSON.parse(await readFile(join(directory, 'kept.store'), 'utf8'))).toEqual({
      ServerURL: 'registry.example',
      Username: 'ann',
      Secret: 'it’s "s:cret"',
    });
    expect(await readFile(file, 'utf8')).toBe('{"credsStore":"one"}');
  });

  it('says where it cannot be kept', async () => {
    await writeFile(join(directory, 'not-a-folder'), '');
    const blocked = { DOCKER_CONFIG: join(directory, 'not-a-folder') };
    await expect(keepCredentials('registry.example', 'ann', password, blocked)).rejects.toThrow(/Cannot (keep|read)/);
  });
});
