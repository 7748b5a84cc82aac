import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { StoreError, UsageError } from '../../../../src/model/errors.ts';
import { attach } from '../../../../src/store/artifact.ts';
import { directoryRegistry } from '../../../../src/store/directory-registry.ts';
import { directoryStore } from '../../../../src/store/directory-store.ts';
import { MEDIA } from '../../../../src/store/oci.ts';
import { checkSignatures, refusalOf, SIGNATURE_TYPE, signImage } from '../../../../src/store/trust/signatures.ts';
import { SIGNATURE_NAMESPACE, signedText } from '../../../../src/store/trust/signed-text.ts';
import { signText } from '../../../../src/store/trust/sign-text.ts';
import { signingKey } from '../../../../src/store/trust/signing-key.ts';
import { readSignature } from '../../../../src/store/trust/sshsig.ts';
import { verifyText } from '../../../../src/store/trust/verify-text.ts';
import type { SignerFiles } from '../../../../src/store/trust/verify-text.ts';
import { agentWith, keyFolder, publicKey, run } from './keys.ts';

const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`;
/** Nothing of the operator's: no agent, no key of his own. */
const env = { PATH: process.env.PATH, HOME: '/nonexistent' };
let keys: Awaited<ReturnType<typeof keyFolder>>;
let alice: string;
let bob: string;

beforeAll(async () => {
  keys = await keyFolder();
  alice = await keys.key('alice');
  bob = await keys.key('bob');
});
afterAll(() => keys.remove());

const signature = (text = signedText(DIGEST), key = alice, namespace = SIGNATURE_NAMESPACE): Promise<string> =>
  signText(text, namespace, { kind: 'file', path: key }, { env });
const verdictOf = async (files: SignerFiles, armoured?: string) =>
  verifyText(signedText(DIGEST), SIGNATURE_NAMESPACE, armoured ?? (await signature()), files, { env });

describe('signedText', () => {
  it('is what the documents say, so that anybody can check a signature by hand', () => {
    expect(signedText(DIGEST)).toBe(`stratos-cartridge 1\n${DIGEST}\n`);
    expect(() => signedText('sha256:0123456789ab')).toThrow(TypeError);
  });
});

describe('readSignature', () => {
  it('tells the key as ssh-keygen does, and the namespace', async () => {
    const { stdout } = await run('ssh-keygen', ['-l', '-f', `${alice}.pub`]);
    const fingerprint = stdout.split(' ')[1];
    expect(readSignature(await signature())).toEqual({
      fingerprint,
      keyType: 'ssh-ed25519',
      namespace: SIGNATURE_NAMESPACE,
    });
  });

  it('of any beginning of a signature is nothing', async () => {
    const armoured = await signature();
    const body = armoured.split('\n').slice(1, -2).join('\n');
    for (let length = 0; length < 60; length += 7) {
      const cut = Buffer.from(body, 'base64').subarray(0, length).toString('base64');
      expect(readSignature(`-----BEGIN SSH SIGNATURE-----\n${cut}\n-----END SSH SIGNATURE-----\n`)).toBeUndefined();
    }
    expect(readSignature('x'.repeat(100_000))).toBeUndefined();
  });
});

describe('verifyText', () => {
  it('knows an allowed signer, by a pattern and with several names too', async () => {
    const key = await publicKey(alice);
    for (const [line, signer] of [
      [`alice@example.org ${key}`, 'alice@example.org'],
      [`*@example.org ${key}`, '*@example.org'],
      [`release,alice@example.org namespaces="git,stratos-*" ${key}`, 'release'],
      [`alice@example.org valid-after="20200101",valid-before="20990101" ${key}`, 'alice@example.org'],
    ] as const) {
      const files = { allowedSigners: await keys.file('good', '# who may sign', line) };
      expect(await verdictOf(files)).toMatchObject({
        ok: true,
        signer,
        fingerprint: expect.stringMatching(/^SHA256:/) as string,
      });
    }
  });

  it.each<[string, (key: string) => readonly string[], string, RegExp]>([
    ['is of nobody', () => [], 'unknown-signer', /of no allowed signer/],
    ['is for git only', (key) => [`alice@example.org namespaces="git" ${key}`], 'unknown-signer', /namespace/],
    ['was valid', (key) => [`alice@example.org valid-before="20200101" ${key}`], 'not-now', /has expired.*2020/],
    ['will be valid', (key) => [`alice@example.org valid-after="20990101" ${key}`], 'not-now', /not yet valid.*2099/],
    [
      'has a line that OpenSSH does not understand',
      (key) => [`alice@example.org no-such=1 ${key}`],
      'unknown-signer',
      /bad options/,
    ],
  ])('refuses a key that %s', async (_what, lines, fault, why) => {
    const allowedSigners = await keys.file(
      'bad',
      `bob@example.org ${await publicKey(bob)}`,
      ...lines(await publicKey(alice)),
    );
    expect(await verdictOf({ allowedSigners })).toMatchObject({
      ok: false,
      fault,
      why: expect.stringMatching(why) as string,
    });
  });

  it('counts a key that is allowed by one of two lines', async () => {
    const key = await publicKey(alice);
    const allowedSigners = await keys.file(
      'two',
      `old@example.org valid-before="20200101" ${key}`,
      `new@example.org ${key}`,
    );
    expect(await verdictOf({ allowedSigners })).toMatchObject({ ok: true, signer: 'new@example.org' });
  });

  it('refuses a revoked key, by a list of keys and by one of ssh-keygen', async () => {
    const allowedSigners = await keys.file('allowed', `alice@example.org ${await publicKey(alice)}`);
    await run('ssh-keygen', ['-q', '-k', '-f', keys.path('krl'), `${alice}.pub`]);
    const lists = [await keys.file('revoked', await publicKey(bob), await publicKey(alice)), keys.path('krl')];
    for (const revokedKeys of lists)
      expect(await verdictOf({ allowedSigners, revokedKeys })).toMatchObject({ ok: false, fault: 'revoked' });
    const revokedKeys = await keys.file('revoked-other', await publicKey(bob));
    expect(await verdictOf({ allowedSigners, revokedKeys })).toMatchObject({ ok: true });
  });

  it('refuses everything while a file cannot be read', async () => {
    const allowedSigners = await keys.file('allowed', `alice@example.org ${await publicKey(alice)}`);
    for (const files of [{ allowedSigners: keys.path('gone') }, { allowedSigners, revokedKeys: keys.path('gone') }])
      expect(await verdictOf(files)).toMatchObject({
        ok: false,
        fault: 'unreadable',
        why: expect.stringContaining('gone') as string,
      });
  });

  it('refuses a signature over another digest, for another purpose, and what is none', async () => {
    const files = { allowedSigners: await keys.file('allowed', `alice@example.org ${await publicKey(alice)}`) };
    const other = signedText(`sha256:${'f'.repeat(64)}`);
    expect(await verdictOf(files, await signature(other))).toMatchObject({ ok: false, fault: 'wrong' });
    const git = await signature(signedText(DIGEST), alice, 'git');
    expect(await verdictOf(files, git)).toMatchObject({ ok: false, fault: 'namespace' });
    for (const text of ['', 'signed by alice', (await signature()).replace(/\n[A-Za-z0-9+/]{4}/, '\n')])
      expect(await verdictOf(files, text)).toMatchObject({ ok: false });
  });

  it('believes the certificates of an authority, as long as they last', async () => {
    const authority = await keys.key('authority');
    const files = {
      allowedSigners: await keys.file('ca', `*@example.org cert-authority ${await publicKey(authority)}`),
    };
    for (const [name, validity, ok] of [
      ['carol', '-1d:+1d', true],
      ['dave', '-2d:-1d', false],
    ] as const) {
      const key = await keys.key(name);
      const id = `${name}@example.org`;
      await run('ssh-keygen', ['-q', '-s', authority, '-I', id, '-n', id, '-V', validity, `${key}.pub`]);
      const socket = await agentWith(keys.path(`agent-${name}`), key);
      const armoured = await signText(
        signedText(DIGEST),
        SIGNATURE_NAMESPACE,
        { kind: 'file', path: `${key}-cert.pub` },
        { env: { ...env, ...socket } },
      );
      expect(await verdictOf(files, armoured)).toMatchObject({ ok });
    }
  });
});

describe('signText', () => {
  it('unlocks a key by STRATOS_SSH_PASSPHRASE', async () => {
    const path = await keys.key('locked', { passphrase: `it's "secret" $(id)` });
    const unlocked = { ...env, STRATOS_SSH_PASSPHRASE: `it's "secret" $(id)` };
    expect(readSignature(await signText('x', 'ns', { kind: 'file', path }, { env: unlocked }))?.namespace).toBe('ns');
    const failure = await signText(
      'x',
      'ns',
      { kind: 'file', path },
      { env: { ...env, STRATOS_SSH_PASSPHRASE: 'no' } },
    ).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(StoreError);
    expect((failure as StoreError).message).toContain(path);
    expect((failure as StoreError).message).not.toContain('secret');
  });
});

describe('signingKey', () => {
  it('is the one asked for, then that of the environment, then the only one of the agent', async () => {
    expect(await signingKey(alice, { env })).toEqual({ kind: 'file', path: alice });
    expect(await signingKey(undefined, { env: { ...env, STRATOS_SIGNING_KEY: bob } })).toMatchObject({ path: bob });
    const one = { ...env, ...(await agentWith(keys.path('agent-one'), alice)) };
    const chosen = await signingKey(undefined, { env: one });
    expect(chosen).toMatchObject({
      kind: 'agent',
      publicKey: expect.stringContaining(await publicKey(alice)) as string,
    });
    const armoured = await signText(signedText(DIGEST), SIGNATURE_NAMESPACE, chosen, { env: one });
    expect(readSignature(armoured)).toEqual(readSignature(await signature()));

    const two = { ...env, ...(await agentWith(keys.path('agent-two'), alice, bob)) };
    await expect(signingKey(undefined, { env: two })).rejects.toThrow(/several: alice@example.org, bob@example.org/);
    expect(await signingKey('bob@example.org', { env: two })).toMatchObject({ kind: 'agent' });
  });

  it('that is not there is an error that says where to look', async () => {
    await expect(signingKey(undefined, { env })).rejects.toThrow(UsageError);
    await expect(signingKey(keys.path('gone'), { env })).rejects.toThrow(keys.path('gone'));
  });
});

describe('signImage', () => {
  /** A store with one image, and its signers. */
  async function aStore() {
    const directory = await mkdtemp(join(tmpdir(), 'signed-'));
    onTestFinished(() => rm(directory, { recursive: true, force: true }));
    const store = directoryStore(directory);
    const layer = await store.addBlob(bytesOf('a layer'));
    const config = { architecture: 'amd64', os: 'linux' };
    const image = await store.addImage('php:8.2', [{ mediaType: MEDIA.layer, ...layer, diffId: layer.digest }], config);
    const place = { registry: directoryRegistry('store', directory), repository: 'php' };
    const files = { allowedSigners: await keys.file('signers', `alice@example.org ${await publicKey(alice)}`) };
    const sign = (path: string) => signImage(place, image.digest, { kind: 'file', path }, { env });
    const check = () => checkSignatures(place, image.digest, files, { env });
    return { directory, store, image, place, sign, check };
  }

  it('keeps signatures beside the image, whose digest stays; one by one key once', async () => {
    const { store, image, place, sign, check } = await aStore();
    expect(refusalOf(await check())).toBe('it is not signed');
    const fingerprint = await sign(bob);
    expect(refusalOf(await check())).toContain(`key ${fingerprint} is of no allowed signer`);
    await sign(alice);
    await sign(alice);
    expect((await store.find('php:8.2'))?.digest).toBe(image.digest);
    expect(await place.registry.referrers('php', image.digest, SIGNATURE_TYPE)).toHaveLength(2);
    // What counts comes first, whoever signed first.
    expect(await check()).toMatchObject([{ ok: true, signer: 'alice@example.org' }, { ok: false }]);
    expect(refusalOf(await check())).toBeUndefined();
    expect((await store.list()).map(({ reference }) => reference)).toEqual(['php:8.2']);
  });

  it('signs no other image of the same name, and goes with its image', async () => {
    const { store, place, sign, directory } = await aStore();
    await sign(alice);
    const newer = await store.addImage('php:8.3', [], { architecture: 'amd64', os: 'linux' });
    expect(await place.registry.referrers('php', newer.digest)).toEqual([]);
    await store.remove('php:8.2');
    const index = JSON.parse(await readFile(join(directory, 'index.json'), 'utf8')) as { manifests: object[] };
    expect(index.manifests).toMatchObject([{ digest: newer.digest }]);
    expect((await readdir(join(directory, 'blobs/sha256'))).length).toBe(2);
  });

  it('lets nothing that lies beside an image stand for a signature', async () => {
    const { image, place, sign, check, directory } = await aStore();
    await sign(alice);
    const [real] = await place.registry.referrers('php', image.digest, SIGNATURE_TYPE);
    const subject = await place.registry.resolve('php', image.digest);
    if (!subject || !real) throw new Error('there is no image');
    const other = { ...subject, digest: `sha256:${'e'.repeat(64)}` };
    const content = (text: string) => ({ mediaType: 'text/plain', bytes: Buffer.from(text) });
    await attach(place, subject, { artifactType: SIGNATURE_TYPE, content: content('no signature') });
    await attach(place, subject, {
      artifactType: SIGNATURE_TYPE,
      content: content('x'.repeat(40_000)),
    });
    await attach(place, subject, { artifactType: 'text/other', content: content('a note') });
    await attach(place, other, { artifactType: SIGNATURE_TYPE, content: content(await signature()) });
    expect(await check()).toMatchObject([{ ok: true }, { ok: false, fault: 'malformed' }]);

    // A signature that was damaged on disk is none, and hides no other.
    await writeFile(join(directory, 'blobs/sha256', real.digest.slice(7)), '{}');
    expect(await check()).toMatchObject([{ ok: false, fault: 'malformed' }]);
  });

  it('refuses what is not there', async () => {
    const { place } = await aStore();
    await expect(signImage(place, `sha256:${'a'.repeat(64)}`, { kind: 'file', path: alice }, { env })).rejects.toThrow(
      /Cannot sign/,
    );
  });
});

async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(Buffer.from(text));
}
