import { describe, expect, it } from 'vitest';
import { describe as write, readDescription } from '../../../src/iaas/proxmox/description.ts';
import { failureOfWords } from '../../../src/iaas/proxmox/proxmox-documents.ts';
import { addressOf, bootDisk, cloudinitDrives } from '../../../src/iaas/proxmox/read-config.ts';

describe('bootDisk', () => {
  it('is the first disk of the boot order, with its size', () => {
    const config = {
      boot: 'order=ide2;virtio1;scsi0',
      ide2: 'local:iso/a.iso,media=cdrom',
      scsi0: 'lvm:vm-1-disk-0,size=2252M',
      virtio1: 'lvm:vm-1-disk-1,cache=none,size=1.5T',
    };
    expect(bootDisk(config)).toEqual({ drive: 'virtio1', size: 1.5 * 2 ** 40 });
    expect(bootDisk({ ...config, boot: undefined })).toEqual({ drive: 'scsi0', size: 2252 * 2 ** 20 });
    expect(bootDisk({ ...config, boot: 'cdn', bootdisk: 'virtio1' })?.drive).toBe('virtio1');
    expect(bootDisk({ ide2: 'lvm:vm-1-cloudinit,media=cdrom' })).toBeUndefined();
  });
});

describe('cloudinitDrives', () => {
  it('finds those of Proxmox VE’s own, whatever the storage calls them', () => {
    const config = {
      ide2: 'local:100/vm-100-cloudinit.qcow2,media=cdrom',
      scsi1: 'lvm:vm-1-cloudinit',
      name: 'cloudinit',
    };
    expect(cloudinitDrives({ ...config, scsi0: 'lvm:vm-1-disk-0,size=2G' })).toEqual(['ide2', 'scsi1']);
  });
});

describe('addressOf', () => {
  const config = { net0: 'virtio=BC:24:11:00:00:0A,bridge=vmbr0' };
  const at = (mac: string, ...addresses: readonly (readonly [string, string])[]) => ({
    name: 'x',
    'hardware-address': mac,
    'ip-addresses': addresses.map(([address, type]) => ({ 'ip-address': address, 'ip-address-type': type })),
  });

  it('takes the interface that the hypervisor gave, not bridges of processes', () => {
    const bridge = at('00:16:3e:00:00:01', ['10.209.0.1', 'ipv4']);
    const own = at(
      'bc:24:11:00:00:0a',
      ['169.254.3.4', 'ipv4'],
      ['fe80::1', 'ipv6'],
      ['192.0.2.7', 'ipv4'],
      ['2001:db8::7', 'ipv6'],
    );
    expect(addressOf(config, [bridge, own], 'ipv4')).toBe('192.0.2.7');
    expect(addressOf(config, [bridge, own], 'ipv6')).toBe('2001:db8::7');
    expect(addressOf(config, [bridge], 'ipv4')).toBeUndefined();
    expect(addressOf(config, [{ name: 'ens18', 'hardware-address': 'bc:24:11:00:00:0a' }], 'ipv4')).toBeUndefined();
  });
});

describe('readDescription', () => {
  it('reads what was written, also between lines of others', () => {
    const description = { labels: { 'stratos-vm': 'web-1' }, address: '192.0.2.7' };
    expect(readDescription(`Do not touch\n${write(description)}\n`)).toEqual(description);
  });

  it.each(['', undefined, 7, 'stratos: {', 'stratos: null', 'stratos: {"labels":1}'])('is none of ours: %j', (text) => {
    expect(readDescription(text)).toBeUndefined();
  });
});

describe('failureOfWords', () => {
  it.each([
    [
      `unable to create image: lvcreate 'pve/vm-1-disk-0' error: Insufficient free space: 512 extents needed`,
      'no-capacity',
    ],
    ['clone failed: copy failed: No space left on device', 'no-capacity'],
    ['start failed: QEMU exited with code 1: Cannot allocate memory', 'no-capacity'],
    [`zfs error: cannot create 'tank/vm-1-disk-0': out of quota`, 'quota'],
    [`Configuration file 'nodes/pve1/qemu-server/100.conf' does not exist`, 'not-found'],
    ['Permission check failed (/vms/100, VM.Clone)', 'unauthorized'],
    ['unable to create VM 100: config file already exists', 'invalid'],
    ['the moon is full', undefined],
  ])('%s', (words, failure) => {
    expect(failureOfWords(words)).toBe(failure);
  });
});
