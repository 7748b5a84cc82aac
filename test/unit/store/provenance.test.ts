import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { attach } from '../../../src/store/artifact.ts';
import { copyImage } from '../../../src/store/copy-image.ts';
import { directoryRegistry } from '../../../src/store/directory-registry.ts';
import { directoryStore } from '../../../src/store/directory-store.ts';
import {
  attachProvenance,
  parseStatement,
  PROVENANCE,
  readProvenance,
  statementOf,
} from '../../../src/store/provenance.ts';
import type { Provenance } from '../../../src/store/provenance.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const built: Provenance = {
  ...{ how: 'build', who: 'ann@laptop', at: '2026-05-01T10:00:00.000Z', tool: '1.2.3' },
  from: [{ uri: 'dir:cartridges/php' }, { uri: 'cartridge:base:12', digest: `sha256:${'b'.repeat(64)}` }],
};

async function aStore(name: string) {
  const directory = await mkdtemp(join(tmpdir(), 'provenance-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return {
    store: directoryStore(directory),
    place: { registry: directoryRegistry(name, directory), repository: 'php' },
  };
}

describe('statementOf', () => {
  it('is an in-toto statement that is read back', () => {
    const statement = statementOf(DIGEST, built);
    expect(statement).toMatchObject({
      _type: 'https://in-toto.io/Statement/v1',
      subject: [{ digest: { sha256: 'a'.repeat(64) } }],
    });
    expect(parseStatement(JSON.stringify(statement), DIGEST)).toEqual(built);
  });

  it('says nothing of another image, and what others wrote is none of ours', () => {
    const text = JSON.stringify(statementOf(DIGEST, built));
    expect(parseStatement(text, `sha256:${'c'.repeat(64)}`)).toBeUndefined();
    for (const other of ['', '{', '[]', '{}', text.replace('urn:stratos:build', 'https://other/build')])
      expect(parseStatement(other, DIGEST)).toBeUndefined();
  });
});

describe('attachProvenance', () => {
  it('keeps what was said first, whoever makes the same image again, and goes where the image goes', async () => {
    const { store, place } = await aStore('one');
    const { digest } = await store.addImage('php:8.2', [], { architecture: 'amd64', os: 'linux' });
    const subject = await place.registry.resolve('php', digest);
    if (!subject) throw new Error('there is no image');
    const strange = { mediaType: PROVENANCE, bytes: Buffer.from('{"_type": "of somebody else"}') };
    await attach(place, subject, { artifactType: PROVENANCE, content: strange });
    expect(await readProvenance(place, digest)).toBeUndefined();
    await attachProvenance(place, subject, built);
    await attachProvenance(place, subject, { ...built, how: 'import', who: 'bob@laptop' });
    expect(await readProvenance(place, digest)).toEqual(built);
    expect((await store.find('php:8.2'))?.digest).toBe(digest);

    const other = await aStore('two');
    const [from, to] = [place, other.place].map((each) => ({ ...each, reference: '8.2' }));
    if (!from || !to) throw new Error('there are two');
    await copyImage(from, to, { architecture: 'amd64', referrers: true });
    expect(await readProvenance(other.place, digest)).toEqual(built);
  });
});
