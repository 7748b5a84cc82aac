/** What libvirt and its own schema say of the domains that the adapter describes, of each option. */
import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { encodeLabels } from '../../src/iaas/cloud/labels.ts';
import { domainXml, type DomainFacts } from '../../src/iaas/libvirt/domain-xml.ts';
import { readDomain } from '../../src/iaas/libvirt/read-domain.ts';
import type { LibvirtIaasSpec } from '../../src/model/iaas/libvirt.ts';
import { generateHostKey } from '../../src/ssh/key-pair.ts';
import { libvirt, type Libvirt } from '../support/libvirt.ts';

let host: Libvirt;
beforeAll(async () => {
  host = await libvirt();
});
afterAll(() => host[Symbol.asyncDispose]());

function facts(name: string): DomainFacts {
  const { publicKey } = generateHostKey();
  const { size } = host;
  const labels = encodeLabels({ lineage: 'one', vm: 'web-1', partition: `a"b<c>&'d`, size, hostKey: publicKey });
  return { name, uuid: randomUUID(), size, labels, disk: '/pool/disk.qcow2', seed: '/pool/seed.iso' };
}

/** Defines it and takes it away again. @returns what libvirt has of it @throws what libvirt says */
async function defined(change: Partial<LibvirtIaasSpec>, told: DomainFacts): Promise<string> {
  const file = path.join(host.directory, `${told.name}.xml`);
  await writeFile(file, domainXml({ ...host.spec, ...change }, told));
  await host.virsh('define', `--file=${file}`, '--validate');
  const xml = await host.virsh('dumpxml', `--domain=${told.uuid}`);
  await host.virsh('undefine', `--domain=${told.uuid}`, '--nvram');
  return xml;
}

it.each([
  ['bios', {}],
  ['efi', { firmware: 'efi' }],
  ['an address of the agent', { address: 'agent' }],
] as const)('libvirt takes a domain with %s, and gives its labels and disks back', async (_, change) => {
  const told = facts('plain');
  const { seed = '', ...known } = told;
  expect(readDomain(await defined(change, told))).toMatchObject({
    uuid: known.uuid,
    labels: known.labels,
    disks: [known.disk, seed],
  });
});

it('libvirt takes a domain of KVM, where the machine has it', async () => {
  const has = (await host.virsh('capabilities')).includes("<domain type='kvm'");
  const taken = defined({ hypervisor: 'kvm' }, facts('kvm'));
  if (has) expect(await taken).toContain("<cpu mode='host-passthrough'");
  // Past its schema, which is asked first.
  else
    await expect(taken).rejects.toThrow(
      /could not find capabilities for .*domaintype=kvm|KVM is not supported|not supported by emulator/i,
    );
});

it('libvirt’s schema refuses what it does not know', async () => {
  const file = path.join(host.directory, 'wrong.xml');
  await writeFile(file, domainXml(host.spec, facts('wrong')).replace('<features>', '<nonsense/><features>'));
  await expect(host.virsh('define', `--file=${file}`, '--validate')).rejects.toThrow(/schema/i);
});
