import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Secret } from '../../../src/model/secret.ts';
import { fillUserData } from '../../../src/reconcile/actions/guest-user-data.ts';
import { generateHostKey } from '../../../src/ssh/key-pair.ts';

const keys = { hostKey: generateHostKey(), authorizedKey: `${generateHostKey().publicKey} it's "mine"; $(id)` };
const filled = (text: string): string | undefined => fillUserData(new Secret(text), keys)?.reveal();

describe('fillUserData', () => {
  it('puts the private key in as base 64, and public ones without their comments', () => {
    const [key, publicKey, authorized, other] =
      filled('{{hostKey}}|{{hostKeyPublic}}|{{authorizedKey}}|{{ v1.local_hostname }} {{hostkey}}')?.split('|') ?? [];
    expect(Buffer.from(key ?? '', 'base64').toString()).toBe(keys.hostKey.privateKey.reveal());
    expect(publicKey).toBe(keys.hostKey.publicKey.split(' ').slice(0, 2).join(' '));
    expect(authorized).toBe(keys.authorizedKey.split(' ').slice(0, 2).join(' '));
    expect(other).toBe('{{ v1.local_hostname }} {{hostkey}}');
    for (const value of [key, publicKey, authorized]) expect(value).toMatch(/^[A-Za-z0-9+/= -]+$/);
  });

  it('fills every place of a name', () => {
    const [first, second] = filled('{{hostKey}} {{hostKey}}')?.split(' ') ?? [];
    expect(first).toBe(second);
    expect(filled('{{hostKey}} {{hostKey}}')).not.toContain('{{');
  });

  it('gives nothing where the host key has no place', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(!text.includes('{{hostKey}}'));
        expect(filled(text)).toBeUndefined();
      }),
    );
    expect(filled('{{hostKeyPublic}} {{authorizedKey}}')).toBeUndefined();
  });
});
