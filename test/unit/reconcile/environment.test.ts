import { describe, expect, it } from 'vitest';
import { Secret } from '../../../src/model/secret.ts';
import { environmentDigest, environmentDigests } from '../../../src/reconcile/environment.ts';

const LINEAGE = '0b4b1f9e-5f0a-4a54-9d5b-0f1d9c6f8a11';
const keys = (secret: string, lineage = LINEAGE) => ({ lineage, secret: () => Promise.resolve(secret) });

describe('environmentDigest', () => {
  it('depends, where there is a secret, on the key and on nothing that the inventory tells', async () => {
    const environment = { HOST: 'db', PIN: new Secret('1234') };
    const digest = await environmentDigest(environment, keys('a'));
    expect(await environmentDigest(environment, keys('b'))).not.toBe(digest);
    expect(await environmentDigest(environment, keys('a', 'another'))).toBe(digest);
    expect(await environmentDigest({ ...environment, PIN: new Secret('1235') }, keys('a'))).not.toBe(digest);
  });

  it('survives a lost key where there is no secret, whatever the order of names', async () => {
    expect(await environmentDigest({ A: '1', B: '2' }, keys('a'))).toBe(
      await environmentDigest({ B: '2', A: '1' }, keys('b')),
    );
  });
});

describe('environmentDigests', () => {
  it('asks for no key where there is no secret', async () => {
    const secret = () => Promise.reject(new Error('asked'));
    expect(Object.keys(await environmentDigests({ shop: { A: '1' } }, { lineage: LINEAGE, secret }))).toEqual(['shop']);
    await expect(environmentDigests({ shop: { A: new Secret('1') } }, { lineage: LINEAGE, secret })).rejects.toThrow();
  });
});
