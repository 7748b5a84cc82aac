/** The contract, on libvirt with QEMU: machines whose disk asks for an address and does no more. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, symlink, writeFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { promisify } from 'node:util';
import { libvirtProvider } from '../../src/iaas/libvirt/libvirt-provider.ts';
import { readDomain } from '../../src/iaas/libvirt/read-domain.ts';
import type { IaasProvider } from '../../src/iaas/provider.ts';
import { cores, millis } from '../../src/model/quantity.ts';
import type { JumpSpec } from '../../src/model/iaas/static.ts';
import { generateHostKey } from '../../src/ssh/key-pair.ts';
import { ASKS_FOR_AN_ADDRESS, libvirt, type Libvirt } from '../support/libvirt.ts';
import { startSshd } from '../host/ssh/local-sshd.ts';
import { machineRequest } from '../support/machine-request.ts';
import { iaasContract, type HeldMachine } from './iaas.contract.ts';

const exec = promisify(execFile);

iaasContract('libvirt', async () => {
  const host = await libvirt();
  await host.add('base.img', ASKS_FOR_AN_ADDRESS);
  await host.add('cartridge.img', ASKS_FOR_AN_ADDRESS);
  const bin = path.join(host.directory, 'bin');
  const faults = path.join(bin, 'faults');
  await mkdir(faults, { recursive: true });
  await symlink(path.resolve(import.meta.dirname, '../support/faulty-virsh.sh'), path.join(bin, 'virsh'));
  const env = { ...process.env, PATH: `${bin}:${process.env.PATH ?? ''}` };
  const open = (lineage: string, name = host.spec.name): IaasProvider =>
    libvirtProvider({ ...host.spec, name }, { lineage, env, onStep: () => undefined }, millis(100), millis(4000));
  const fault = (name: string): void => {
    void writeFile(path.join(faults, name), '');
  };
  return {
    provider: open('one'),
    other: open('two'),
    sibling: open('one', 'beside'),
    request: machineRequest(host.size),
    guestImage: 'cartridge.img',
    held: (id) => held(host, id),
    faults: {
      refuseCreate: fault,
      loseAnswer: () => {
        fault('lost');
      },
      lockOut: () => {
        fault('locked-out');
        return () => {
          void rm(path.join(faults, 'locked-out'));
        };
      },
    },
    [Symbol.asyncDispose]: () => host[Symbol.asyncDispose](),
  };
});

describe('libvirt over SSH', () => {
  it('is used by the pinned host key alone, and with a key that is let in', async () => {
    await using host = await libvirt();
    await using cleanup = new AsyncDisposableStack();
    const sshd = await startSshd(host.inside);
    cleanup.defer(sshd.stop);
    const { address, port, user, hostKeys } = sshd.endpoint;
    const door: JumpSpec = { address, port, user, hostKeys, key: sshd.identityFile };
    const open = (change: Partial<JumpSpec>): IaasProvider =>
      libvirtProvider(
        { ...host.spec, uri: 'qemu:///system', host: { ...door, ...change } },
        { lineage: 'one', env: process.env, onStep: () => undefined },
      );
    await expect(open({}).check()).resolves.toBeUndefined();
    expect(await open({}).list()).toEqual([]);
    const stranger = path.join(host.directory, 'stranger');
    await writeFile(stranger, generateHostKey().privateKey.reveal(), { mode: 0o600 });
    const strange = { hostKeys: [generateHostKey().publicKey] };
    await expect(open(strange).check()).rejects.toMatchObject({ failure: 'unauthorized' });
    await expect(open({ key: stranger }).check()).rejects.toMatchObject({ failure: 'unauthorized' });
    const survey = await open({}).survey?.([{ ...host.size, cpu: cores(1000) }]);
    expect(survey?.map(({ subject, status }) => [subject, status])).toEqual([
      ['credentials', 'ok'],
      ['quota', 'ok'],
      ['image', 'failed'],
      ['network', 'ok'],
      ['size', 'failed'],
    ]);
  });
});

/** What libvirt has of a machine, and what its first boot finds. */
async function held(host: Libvirt, id: string): Promise<HeldMachine> {
  const { labels, disks } = readDomain(await host.virsh('dumpxml', id));
  const [disk = '', seed = ''] = disks;
  const directory = await mkdtemp(path.join(host.directory, 'seed-'));
  const file = path.join(directory, 'user-data');
  await exec('xorriso', ['-osirrox', 'on', '-indev', seed, '-extract', '/user-data', file]);
  const about = await exec('qemu-img', ['info', '--force-share', '--output=json', disk]);
  const { 'backing-filename': backing } = JSON.parse(about.stdout) as { readonly 'backing-filename': string };
  return {
    vm: labels['stratos-vm'] ?? '',
    lineage: labels['stratos-lineage'] ?? '',
    userData: await readFile(file, 'utf8'),
    size: '',
    image: path.basename(backing),
  };
}
