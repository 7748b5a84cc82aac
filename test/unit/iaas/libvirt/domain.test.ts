import { describe, expect, it } from 'vitest';
import { encodeLabels } from '../../../../src/iaas/cloud/labels.ts';
import { domainXml } from '../../../../src/iaas/libvirt/domain-xml.ts';
import { addressIn, machineOf, readDomain, stateOf } from '../../../../src/iaas/libvirt/read-domain.ts';
import { freeMemory, hostSize, readVolume } from '../../../../src/iaas/libvirt/read-host.ts';
import { bytes, cores, millis } from '../../../../src/model/quantity.ts';
import type { LibvirtIaasSpec } from '../../../../src/model/iaas/libvirt.ts';
import { generateHostKey } from '../../../../src/ssh/key-pair.ts';

const spec: LibvirtIaasSpec = {
  kind: 'libvirt',
  name: 'rack',
  user: 'ops',
  timeout: millis(1000),
  concurrency: 1,
  uri: 'qemu:///system',
  pool: 'default',
  image: 'base.qcow2',
  network: 'default',
  address: 'lease',
  hypervisor: 'kvm',
  firmware: 'bios',
};
const size = { cpu: cores(1.5), memory: bytes(2 ** 31) };
const hostKey = generateHostKey().publicKey.split(' ').slice(0, 2).join(' ');
const labels = encodeLabels({ lineage: 'one', vm: 'web-1', partition: 'web', size, hostKey });
const facts = { name: '1c9d03ab-web-1', uuid: 'b5a2', size, labels, disk: '/pool/1c9d03ab-web-1.qcow2' };

describe('domainXml', () => {
  it('escapes what it is told, and readDomain reads the same', () => {
    const odd = `a"b<c>&'d`;
    const seed = `/pool/${odd}.iso`;
    const xml = domainXml({ ...spec, network: odd }, { ...facts, labels: { a: 'true', b: odd }, seed });
    expect(xml).toContain('<source network="a&quot;b&lt;c&gt;&amp;&apos;d"/>');
    const read = readDomain(xml);
    expect(read.labels).toEqual({ a: 'true', b: odd });
    expect(read.disks).toEqual([facts.disk, seed]);
  });

  it('asks for whole processors, the processor of the host with kvm alone, and firmware', () => {
    const kvm = domainXml(spec, facts);
    expect(kvm).toContain('<vcpu>2</vcpu>');
    expect(kvm).toContain('<memory unit="b">2147483648</memory>');
    expect(kvm).toContain('<cpu mode="host-passthrough"/>');
    expect(kvm).not.toContain('efi');
    const emulated = domainXml({ ...spec, hypervisor: 'qemu', firmware: 'efi' }, facts);
    expect(emulated).toContain('<domain type="qemu">');
    expect(emulated).toContain('<os firmware="efi">');
    expect(emulated).not.toContain('<cpu');
  });
});

describe('machineOf', () => {
  const domain = { ...readDomain(domainXml(spec, facts)), macs: ['52:54:00:b5:7d:e6'] };
  const addresses = ' vnet0      52:54:00:b5:7d:e6    ipv4         192.168.122.14/24';

  it('reads a machine with its labels and where it is reached', () => {
    expect(machineOf(spec, 'one', domain, { state: 'running (booted)', addresses })).toEqual({
      id: 'b5a2',
      vm: 'web-1',
      partition: 'web',
      size,
      state: 'running',
      endpoint: { address: '192.168.122.14', port: 22, user: 'ops', hostKeys: [hostKey] },
    });
  });

  it('knows none of another project, and none without labels', () => {
    const seen = { state: 'running', addresses };
    expect(machineOf(spec, 'two', domain, seen)).toBeUndefined();
    expect(machineOf(spec, 'one', { ...domain, labels: {} }, seen)).toBeUndefined();
    const bare = '<domain><name>a</name><uuid>b</uuid><devices><emulator>/x</emulator></devices></domain>';
    expect(readDomain(bare)).toEqual({ uuid: 'b', name: 'a', labels: {}, disks: [], macs: [] });
  });

  it.each([
    ['running (booted)', 'running'],
    ['running', 'running'],
    ['in shutdown', 'running'],
    ['paused (migrating)', 'running'],
    ['paused (I/O error)', 'stopped'],
    ['shut off (destroyed)', 'stopped'],
    ['pmsuspended', 'stopped'],
    ['crashed (panicked)', 'failed'],
  ])('stateOf %s is %s', (text, state) => {
    expect(stateOf(text, '192.0.2.1')).toBe(state);
  });

  it('a machine that runs and has no address is to come', () => {
    expect(stateOf('running (booted)', undefined)).toBe('pending');
  });
});

describe('addressIn', () => {
  const agent = ` lo         00:00:00:00:00:00    ipv4         127.0.0.1/8
 -          -                    ipv6         ::1/128
 enp1s0     52:54:00:b5:7d:e6    ipv6         fe80::5054:ff:feb5:7de6/64
 -          -                    ipv6         2001:db8::7/64
 -          -                    ipv4         192.168.122.14/24
 stratosbr0 0a:00:00:00:00:01    ipv4         10.88.0.1/24`;

  it('takes that of the card of the machine, not of a bridge or the loopback in it', () => {
    expect(addressIn(agent, ['52:54:00:b5:7d:e6'])).toBe('192.168.122.14');
    expect(addressIn(agent.replace(/ -.*ipv4.*\n/, ''), ['52:54:00:b5:7d:e6'])).toBe('2001:db8::7');
    expect(addressIn(agent, ['52:54:00:00:00:00'])).toBeUndefined();
    expect(addressIn('', ['52:54:00:b5:7d:e6'])).toBeUndefined();
  });
});

describe('what a host prints', () => {
  it('has memory that is free or could be', () => {
    const printed =
      'total  :             24683656 KiB\nfree   :               100 KiB\nbuffers:   20 KiB\ncached :  3 KiB\n';
    expect(freeMemory(printed)).toBe(123 * 1024);
    expect(freeMemory('')).toBeUndefined();
  });

  it('has processors and memory in all', () => {
    expect(hostSize('CPU model:           x86_64\nCPU(s):              4\nMemory size:         1024 KiB\n')).toEqual({
      cpu: 4,
      memory: 2 ** 20,
    });
  });

  it('has volumes, whose format is that of a disk', () => {
    const xml = (format: string): string =>
      `<volume type='file'><capacity unit='bytes'>2048</capacity><target><path>/a</path><format type='${format}'/></target></volume>`;
    expect(readVolume(xml('qcow2'))).toEqual({ capacity: 2048, format: 'qcow2' });
    expect(readVolume(xml('iso'))).toEqual({ capacity: 2048, format: 'raw' });
  });
});
