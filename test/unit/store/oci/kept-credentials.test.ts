import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HostError } from '../../../../src/model/errors.ts';
import { Secret } from '../../../../src/model/secret.ts';
import type { Credentials } from '../../../../src/store/oci/credentials.ts';
import { forgetCredentials, keepCredentials, keptCredentials } from '../../../../src/store/oci/kept-credentials.ts';

const encoded = (text: string): string => Buffer.from(text).toString('base64');
const credentialsFor = async (
  host: string,
  from: Readonly<Record<string, string>>,
  repository?: string,
): Promise<Credentials | undefined> => (await keptCredentials(host, from))(repository);
let directory: string;
let env: Record<string, string>;
let file: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kept-credentials-'));
  file = join(directory, 'config.json');
  env = {
    HOME: directory,
    DOCKER_CONFIG: directory,
    PATH: `${directory}:${process.env.PATH ?? ''}`,
    KEPT: join(directory, 'kept'),
  };
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

describe('keptCredentials', () => {
  const place = async (path: string, auths: object): Promise<void> => {
    await mkdir(join(directory, path, '..'), { recursive: true });
    await writeFile(join(directory, path), JSON.stringify({ auths }));
  };
  const entry = (user: string) => ({ 'registry.example': { auth: encoded(`${user}:pw`) } });
  const user = async (more: Record<string, string> = {}): Promise<string | undefined> =>
    (await credentialsFor('registry.example', { ...env, ...more }))?.user;

  it('looks into the file that is asked for, Docker’s, and Podman’s of the session and of the user, in this order', async () => {
    const session = { XDG_RUNTIME_DIR: join(directory, 'run') };
    await place('.config/containers/auth.json', entry('of-user'));
    expect(await user(session)).toBe('of-user');
    await place('run/containers/auth.json', entry('of-session'));
    expect(await user(session)).toBe('of-session');
    await configure({ auths: entry('of-docker') });
    expect(await user(session)).toBe('of-docker');
    await place('asked.json', entry('asked'));
    expect(await user({ ...session, REGISTRY_AUTH_FILE: join(directory, 'asked.json') })).toBe('asked');
    // A file without an entry for it hides nothing.
    await place('asked.json', {});
    expect(await user({ ...session, REGISTRY_AUTH_FILE: join(directory, 'asked.json') })).toBe('of-docker');
  });

  it('reads Podman’s of XDG_CONFIG_HOME', async () => {
    await place('mine/containers/auth.json', entry('ann'));
    expect(await user({ XDG_CONFIG_HOME: join(directory, 'mine') })).toBe('ann');
  });

  it('takes the entry of the most of a repository’s path', async () => {
    await configure({
      auths: {
        'registry.example': { auth: encoded('all:pw') },
        'registry.example/team': { auth: encoded('team:pw') },
        'registry.example/team/php': { auth: encoded('php:pw') },
      },
    });
    const of = async (repository?: string) => (await credentialsFor('registry.example', env, repository))?.user;
    expect(await of('team/php')).toBe('php');
    expect(await of('team/php/8')).toBe('php');
    expect(await of('team/phpunit')).toBe('team');
    expect(await of('teams/php')).toBe('all');
    expect(await of()).toBe('all');
  });

  it('goes on to the next file where a path is not meant', async () => {
    await configure({ auths: { 'registry.example/team': { auth: encoded('team:pw') } } });
    await place('.config/containers/auth.json', entry('all'));
    expect((await credentialsFor('registry.example', env, 'team/php'))?.user).toBe('team');
    expect((await credentialsFor('registry.example', env, 'other/php'))?.user).toBe('all');
  });

  it('reads the password of Docker’s own registry where Podman keeps it', async () => {
    await place('.config/containers/auth.json', { 'docker.io': { auth: encoded('ann:pw') } });
    expect((await credentialsFor('registry-1.docker.io', env, 'library/php'))?.user).toBe('ann');
  });
});

describe('forgetCredentials', () => {
  const password = new Secret('pw');

  it('takes away what was kept, and nothing else', async () => {
    await configure({ auths: { 'other.example': { auth: encoded('a:b') } }, HttpHeaders: { 'X-Kept': 'yes' } });
    await keepCredentials('registry.example', 'ann', password, env);
    expect(await forgetCredentials('registry.example', env)).toEqual({ removed: [file], left: [] });
    expect(await credentialsFor('registry.example', env)).toBeUndefined();
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual({
      auths: { 'other.example': { auth: encoded('a:b') } },
      HttpHeaders: { 'X-Kept': 'yes' },
    });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  it('finds nothing to take away, and writes nothing', async () => {
    expect(await forgetCredentials('registry.example', env)).toEqual({ removed: [], left: [] });
    await expect(stat(file)).rejects.toThrow();
  });

  it('has the helper erase it', async () => {
    await configure({ credsStore: 'one', auths: { 'registry.example': {} } });
    await helper('one', JSON.stringify({ Username: 'ann', Secret: 'pw' }));
    expect(await forgetCredentials('registry.example', env)).toEqual({ removed: ['docker-credential-one'], left: [] });
    expect(await readFile(join(directory, 'kept.erase'), 'utf8')).toBe('registry.example');
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual({ credsStore: 'one', auths: {} });
  });

  it('says which files of other programs have one still, and writes to the one that is asked for', async () => {
    const asked = join(directory, 'asked.json');
    await keepCredentials('registry.example', 'ann', password, env);
    const kept = await keepCredentials('registry.example', 'bob', password, { ...env, REGISTRY_AUTH_FILE: asked });
    expect(kept).toBe(asked);
    const forgotten = await forgetCredentials('registry.example', { ...env, REGISTRY_AUTH_FILE: asked });
    expect(forgotten).toEqual({ removed: [asked], left: [file] });
    expect((await credentialsFor('registry.example', env))?.user).toBe('ann');
  });
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
