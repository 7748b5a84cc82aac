/** Who may do what: the real docker-registry with tokens, with passwords and with TLS. */
import { chmod, copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openFetch } from '../../../src/host/open-fetch.ts';
import { HostError, RegistryError } from '../../../src/model/errors.ts';
import { copyImage } from '../../../src/store/copy-image.ts';
import { networkFailure } from '../../../src/store/http/failures.ts';
import { openOci } from '../../../src/store/oci/open-oci.ts';
import { auth, dockerConfig, dockerRegistry, tokenKey } from '../../support/docker-registry.ts';
import type { DockerRegistry } from '../../support/docker-registry.ts';
import { sampleImage, store } from '../../support/sample-images.ts';
import { tokenServer } from '../../support/token-server.ts';
import type { TokenServer } from '../../support/token-server.ts';

const failure = async (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(() => undefined).catch((reason: unknown) => reason);

describe('tokens', () => {
  let tokens: TokenServer;
  let server: DockerRegistry;
  beforeAll(async () => {
    tokens = await tokenServer({ name: 'ann', password: 'pa:ss', writes: /^(mine|ours)\//, refresh: 'again' });
    server = await dockerRegistry({ realm: tokens.realm });
    tokens.signer = await tokenKey(server.directory);
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await tokens[Symbol.asyncDispose]();
  });
  const open = async (config: object) =>
    openOci({ name: 'hub', url: server.url }, await dockerConfig(server.directory, config));
  const ann = () => open({ auths: { [server.host]: auth('ann', 'pa:ss') } });

  it('are fetched for what is needed, and used until they are spent', async () => {
    const registry = await ann();
    const image = sampleImage([1000, 2000]);
    tokens.asked.length = 0;
    await store(registry, 'mine/app', image, '1');
    expect((await registry.manifest('mine/app', '1')).descriptor.digest).toBe(image.manifest.digest);
    expect(tokens.asked).toEqual([['repository:mine/app:pull'], ['repository:mine/app:pull,push']]);
    tokens.life = 2;
    const short = await ann();
    tokens.asked.length = 0;
    for (let n = 0; n < 3; n += 1) await short.resolve('mine/app', '1');
    expect(tokens.asked).toHaveLength(1);
    await sleep(1100);
    await short.resolve('mine/app', '1');
    expect(tokens.asked).toHaveLength(2);
    tokens.life = 300;
  });

  it('cover both repositories of a mount', async () => {
    const registry = await ann();
    await store(registry, 'mine/base', sampleImage([5000]), '1');
    const result = await copyImage(
      { registry, repository: 'mine/base', reference: '1' },
      { registry, repository: 'ours/base', reference: '1' },
      { architecture: 'amd64' },
    );
    expect(result.blobs).toMatchObject({ mounted: 2, sent: 0 });
  });

  it('list and remove', async () => {
    const registry = await ann();
    await store(registry, 'mine/old', sampleImage([10]), '1');
    expect((await registry.list({ search: 'old' })).map((entry) => entry.repository)).toEqual(['mine/old']);
    await registry.remove('mine/old', '1');
    expect(await registry.list({ repository: 'mine/old' })).toEqual([]);
  });

  it('are had for an identity token', async () => {
    const registry = await open({ auths: { [server.host]: { ...auth('', ''), identitytoken: 'again' } } });
    await store(registry, 'mine/identity', sampleImage([10]), '1');
    expect(await registry.resolve('mine/identity', '1')).toBeDefined();
  });

  it('are had for what a credential helper has', async () => {
    await mkdir(join(server.directory, 'bin'), { recursive: true });
    const program = join(server.directory, 'bin/docker-credential-test');
    await writeFile(program, `#!/bin/sh\n[ "$1" = get ] && printf '{"Username":"ann","Secret":"pa:ss"}'\n`);
    await chmod(program, 0o755);
    const registry = await open({ credHelpers: { [server.host]: 'test' } });
    expect(await registry.resolve('mine/none', '1')).toBeUndefined();
  });

  it('do not give what the user may not do', async () => {
    const registry = await ann();
    const error = await failure(store(registry, 'theirs/app', sampleImage([10]), '1'));
    expect(error).toBeInstanceOf(RegistryError);
    expect(error).toMatchObject({ failure: 'unauthorized', hint: 'stratos store login hub' });
  });

  it.each([
    ['no', {}],
    ['a wrong', { auths: { HOST: auth('ann', 'wrong') } }],
  ])('are not given for %s password', async (_, config) => {
    const text = JSON.stringify(config).replace('HOST', server.host);
    const error = await failure((await open(JSON.parse(text) as object)).check());
    expect(error).toMatchObject({ failure: 'unauthorized', hint: 'stratos store login hub' });
    expect((error as Error).message).toMatch(/^Cannot log in to hub as the token server answers 401: 127/);
    expect(JSON.stringify(error) + String((error as Error).stack)).not.toContain('wrong');
  });
});

describe('passwords', () => {
  let server: DockerRegistry;
  beforeAll(async () => {
    server = await dockerRegistry({ tls: true, user: { name: 'ann', password: 'secret' } });
  });
  afterAll(() => server[Symbol.asyncDispose]());

  it('that are wrong are told of', async () => {
    for (const config of [{}, { auths: { [server.host]: auth('ann', 'other') } }]) {
      const env = await dockerConfig(server.directory, config);
      const error = await failure((await openOci({ name: 'hub', url: server.url, ca: server.ca }, env)).check());
      expect(error).toMatchObject({ failure: 'unauthorized', hint: 'stratos store login hub' });
    }
  });

  it('are not sent to a server that nobody vouches for', async () => {
    const env = await dockerConfig(server.directory, { auths: { [server.host]: auth('ann', 'secret') } });
    const error = await failure((await openOci({ name: 'hub', url: server.url }, env)).check());
    expect(error).toMatchObject({ failure: 'refused' });
    expect((error as Error).message).toMatch(/^Cannot use hub as its certificate is not trusted \(\w+\): 127/);
  });

  it('are asked for over TLS only where it is spoken', async () => {
    const plain = await dockerRegistry();
    const error = await failure((await openOci({ name: 'hub', url: `https://${plain.host}` }, {})).check());
    expect((error as Error).message).toMatch(/does not speak TLS/);
    await plain[Symbol.asyncDispose]();
  });

  it('need a file of authorities that is there', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'ca-'));
    await expect(openOci({ name: 'hub', url: server.url, ca: join(directory, 'none.crt') }, {})).rejects.toThrow(
      HostError,
    );
    await writeFile(join(directory, 'bad.crt'), 'no certificate');
    const error = await failure(
      (await openOci({ name: 'hub', url: server.url, ca: join(directory, 'bad.crt') }, {})).check(),
    );
    expect(error).toBeInstanceOf(Error);
    await rm(directory, { recursive: true });
  });
});

describe('certificates of clients', () => {
  let server: DockerRegistry;
  let home: string;
  beforeAll(async () => {
    server = await dockerRegistry({ tls: true, clients: true });
    home = await mkdtemp(join(tmpdir(), 'client-'));
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await rm(home, { recursive: true });
  });
  const client = () => ({ cert: join(server.directory, 'client.cert'), key: join(server.directory, 'client.key') });
  const address = () => ({ name: 'hub', url: server.url, ca: server.ca });

  it('are shown to a registry that wants one', async () => {
    const registry = await openOci({ ...address(), client: client() }, { HOME: home });
    await store(registry, 'mine/app', sampleImage([1000]), '1');
    expect(await registry.resolve('mine/app', '1')).toBeDefined();
  });

  it('and authorities are found where Docker and Podman keep them', async () => {
    const folder = join(home, '.config/containers/certs.d', server.host);
    await mkdir(folder, { recursive: true });
    for (const name of ['ca.crt', 'client.cert', 'client.key'])
      await copyFile(join(server.directory, name), join(folder, name));
    const { url, name } = address();
    await expect((await openOci({ name, url }, { HOME: home })).check()).resolves.toBeUndefined();
    await rm(join(folder, 'client.key'));
    await expect(openOci({ name, url }, { HOME: home })).rejects.toThrow(
      `its key is not beside it: ${join(folder, 'client.cert')}`,
    );
    await rm(join(home, '.config'), { recursive: true });
  });

  it('that are missing are told of', async () => {
    const fetch = await openFetch({ ca: server.ca });
    const url = new URL('/v2/', server.url);
    const error = await fetch(url, {}).catch((reason: unknown) =>
      networkFailure(reason, { registry: 'hub', what: 'use hub', url }),
    );
    expect((error as Error).message).toBe(
      `Cannot use hub as it hung up before it answered, as one does that wants a client certificate: ${server.host}`,
    );
  });

  it('of somebody else, or without their key, are told of', async () => {
    const other = { cert: join(server.directory, 'server.crt'), key: join(server.directory, 'client.key') };
    await expect(openOci({ ...address(), client: other }, { HOME: home })).rejects.toThrow(
      /^Cannot use the client certificate \(\w+\): /,
    );
    const none = { ...client(), key: join(home, 'none') };
    await expect(openOci({ ...address(), client: none }, { HOME: home })).rejects.toThrow(/ENOENT/);
  });
});
