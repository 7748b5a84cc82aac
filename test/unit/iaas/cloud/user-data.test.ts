import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { packUserData, renderUserData, USER_DATA_LIMIT } from '../../../../src/iaas/cloud/user-data.ts';
import { generateHostKey } from '../../../../src/ssh/key-pair.ts';

const hostKey = generateHostKey();
const authorizedKey = generateHostKey().publicKey;
const boot = { hostKey, authorizedKey, user: 'stratos', hostname: 'web-1' };

describe('renderUserData', () => {
  it('pins the host key and makes the user', () => {
    const text = renderUserData(boot);
    expect(text).toMatch(/^#cloud-config\n/);
    expect(parse(text)).toMatchObject({
      ssh_deletekeys: true,
      ssh_keys: { ed25519_private: hostKey.privateKey.reveal(), ed25519_public: hostKey.publicKey },
      ssh_pwauth: false,
      disable_root: true,
      users: [{ name: 'stratos', ssh_authorized_keys: [authorizedKey], sudo: 'ALL=(ALL) NOPASSWD:ALL' }],
    });
    expect(parse(renderUserData({ ...boot, user: 'root' }))).toMatchObject({
      disable_root: false,
      users: [{ name: 'root', ssh_authorized_keys: [authorizedKey] }],
    });
  });

  it('lets no value out of its place', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (hostname) => {
        expect(parse(renderUserData({ ...boot, hostname }))).toMatchObject({ hostname });
      }),
    );
  });

  it('is small enough for every cloud', () => {
    const packed = packUserData(renderUserData(boot));
    expect(packed.length).toBeLessThan(USER_DATA_LIMIT / 4);
    expect(gunzipSync(packed).toString()).toBe(renderUserData(boot));
  });
});
