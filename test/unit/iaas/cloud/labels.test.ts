import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromBase32, toBase32 } from '../../../../src/iaas/cloud/base32.ts';
import { decodeLabels, encodeLabels, told } from '../../../../src/iaas/cloud/labels.ts';
import { bytes, cores } from '../../../../src/model/quantity.ts';
import { generateHostKey } from '../../../../src/ssh/key-pair.ts';

const labels = {
  lineage: '2f1c6f0e-6b5f-4a53-9d0c-5d1f6f1a2b3c',
  vm: 'web-1',
  partition: 'web',
  size: { cpu: cores(0.5), memory: bytes(2 ** 30), disk: bytes(20 * 2 ** 30) },
  hostKey: generateHostKey().publicKey.split(' ').slice(0, 2).join(' '),
};

describe('base 32', () => {
  it('is that of RFC 4648, section 10, in lower case and without padding', () => {
    const vectors = {
      '': '',
      f: 'my',
      fo: 'mzxq',
      foo: 'mzxw6',
      foob: 'mzxw6yq',
      fooba: 'mzxw6ytb',
      foobar: 'mzxw6ytboi',
    };
    for (const [text, written] of Object.entries(vectors)) expect(toBase32(Buffer.from(text))).toBe(written);
    expect(fromBase32('mzxw6ytb!')).toBeUndefined();
  });

  it('reads what it wrote', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (data) => {
        expect(fromBase32(toBase32(data))).toEqual(data);
      }),
    );
  });
});

describe('labels', () => {
  it('tell of a machine that is a process which one, and of no host key', () => {
    const guest = { ...labels, hostKey: '', process: { name: 'shop-1', fingerprint: '0123456789abcdef' } };
    const written = encodeLabels(guest);
    expect(written).not.toHaveProperty('stratos-host-key');
    expect(decodeLabels(written)).toEqual(guest);
    const at = { address: '192.0.2.1', port: 22, user: 'root' };
    expect(told(guest, at)).toEqual({ endpoint: { ...at, hostKeys: [] }, process: guest.process });
    expect(told(labels, at)).toEqual({ endpoint: { ...at, hostKeys: [labels.hostKey] } });
    expect(told(labels, undefined)).toEqual({});
  });

  it('tell of a machine that is a process its host key, where one was made for it', () => {
    const guest = { ...labels, process: { name: 'shop-1', fingerprint: '0123456789abcdef' } };
    expect(decodeLabels(encodeLabels(guest))).toEqual(guest);
    expect(decodeLabels({ ...encodeLabels(guest), 'stratos-host-key': 'none' })).toBeUndefined();
  });

  it('of a machine without a host key are ours only where they tell of a process', () => {
    const { 'stratos-host-key': _key, ...rest } = encodeLabels(labels);
    expect(decodeLabels(rest)).toBeUndefined();
    expect(decodeLabels({ ...rest, 'stratos-process': 'shop-1' })).toBeUndefined();
  });

  it('are read as they were written, by the strictest vendor’s rules', () => {
    const written = encodeLabels(labels);
    for (const value of Object.values(written)) expect(value).toMatch(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
    expect(decodeLabels(written)).toEqual(labels);
    const { cpu, memory } = labels.size;
    expect(decodeLabels(encodeLabels({ ...labels, size: { cpu, memory } }))?.size).toEqual({ cpu, memory });
  });

  it('say which entry of the spec made the machine; those of earlier versions say nothing of it', () => {
    const written = encodeLabels({ ...labels, iaas: 'cloud' });
    expect(written['stratos-iaas']).toBe('cloud');
    expect(decodeLabels(written)).toEqual({ ...labels, iaas: 'cloud' });
    expect(told({ ...labels, iaas: 'cloud' }, undefined)).toEqual({ iaas: 'cloud' });
    const { 'stratos-iaas': _iaas, ...earlier } = written;
    expect(decodeLabels(earlier)).toEqual(labels);
  });

  it('of another, or damaged, are none of ours', () => {
    const written = encodeLabels(labels);
    for (const key of Object.keys(written)) expect(decodeLabels({ ...written, [key]: undefined })).toBeUndefined();
    expect(decodeLabels({ ...written, 'stratos-size': 'large' })).toBeUndefined();
    expect(decodeLabels({ ...written, 'stratos-host-key': 'short' })).toBeUndefined();
  });

  it('take no other kind of host key', () => {
    expect(() => encodeLabels({ ...labels, hostKey: 'ssh-rsa AAAA' })).toThrow(RangeError);
  });
});
