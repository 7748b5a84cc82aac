import { describe, expect, it } from 'vitest';
import { firstFacts } from '../../../../src/iaas/cloud/first-facts.ts';
import { bytes, cores } from '../../../../src/model/quantity.ts';
import { Secret } from '../../../../src/model/secret.ts';
import { generateHostKey } from '../../../../src/ssh/key-pair.ts';

const hostKey = generateHostKey();
const request = {
  vm: 'win-1',
  partition: 'win',
  size: { cpu: cores(2), memory: bytes(2 ** 30) },
  hostKey,
  authorizedKey: 'ssh-ed25519 AAAA ours',
  taken: [],
};

describe('firstFacts', () => {
  it('tells a machine that holds processes our user and the host key', () => {
    const { labels, userData, authorizedKey, ...rest } = firstFacts(request, 'one', { name: 'cloud', user: 'stratos' });
    expect(labels).toHaveProperty('stratos-host-key');
    expect(userData).toContain('"name": "stratos"');
    expect(authorizedKey).toBe(request.authorizedKey);
    expect(rest).toEqual({});
  });

  it('tells a machine that is a process what its cartridge says, and nothing of ours', () => {
    const guest = { image: 'windows-2022', process: { name: 'shop-1', fingerprint: '0123456789abcdef' } };
    const boot = firstFacts({ ...request, guest: { ...guest, userData: new Secret('#ps1\nexit 0') } }, 'one', {
      name: 'cloud',
      user: 'stratos',
    });
    expect(boot).toMatchObject({ image: 'windows-2022', userData: '#ps1\nexit 0' });
    expect(boot.labels).toMatchObject({ 'stratos-process': 'shop-1', 'stratos-vm': 'win-1', 'stratos-iaas': 'cloud' });
    expect(JSON.stringify(boot)).not.toContain(hostKey.publicKey.split(' ')[1]);
    expect(boot).not.toHaveProperty('authorizedKey');
    expect(firstFacts({ ...request, guest }, 'one', { name: 'cloud', user: 'stratos' }).userData).toBe('');
  });
});
