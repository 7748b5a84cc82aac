/** Makes a machine: its disk, what its first boot is told, the domain, and its first start. */
import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { IaasError, type IaasFailure } from '../../model/errors.ts';
import type { LibvirtIaasSpec } from '../../model/iaas/libvirt.ts';
import { formatBytes } from '../../model/quantity.ts';
import type { FirstFacts } from '../cloud/first-facts.ts';
import { machineName } from '../cloud/machine-name.ts';
import type { MachineRequest } from '../provider.ts';
import { domainXml } from './domain-xml.ts';
import { freeMemory, readVolume } from './read-host.ts';
import { makeSeed } from './seed.ts';
import type { Virsh } from './virsh.ts';
import { makeDisk, storeFile, volumesOf } from './volumes.ts';

/** After these no machine is there: what was made for it is of no use. After others it may run, and is found again. */
const DEFINITE: ReadonlySet<IaasFailure> = new Set(['no-capacity', 'quota', 'invalid']);

/** @param end ends a domain and its volumes @returns the domain's id @throws IaasError */
export async function makeMachine(
  { spec, lineage, virsh, end }: Maker,
  request: MachineRequest,
  first: FirstFacts,
): Promise<string> {
  const { vm, size, signal } = request;
  const { image = spec.image } = first;
  const what = `create VM ${vm}`;
  if (size.name !== undefined)
    throw new IaasError(spec.name, 'invalid', `Cannot ${what} as libvirt has no sizes of a name: ${size.name}`);
  const questions = [['nodememstats'] as const, ['vol-dumpxml', `--pool=${spec.pool}`, `--vol=${image}`] as const];
  const { printed, said } = await virsh.ask(what, questions, signal);
  const [memory = '', volume = ''] = printed;
  const free = freeMemory(memory);
  if (free !== undefined && free < size.memory)
    throw new IaasError(
      spec.name,
      'no-capacity',
      `Cannot ${what} as the host of ${spec.name} has too little memory: ${formatBytes(free)} of ${formatBytes(size.memory)}`,
    );
  if (volume === '')
    throw new IaasError(spec.name, 'invalid', `Cannot ${what} as pool ${spec.pool} has no such image: ${image}`, {
      hint: `virsh vol-list ${spec.pool}`,
      cause: said,
    });
  const name = machineName(lineage, vm, spec.name);
  const names = volumesOf(name);
  const uuid = randomUUID();
  const base = readVolume(volume);
  await virsh.scratch(async (directory) => {
    const disk = await makeDisk(spec, virsh, { name: names.disk, image, base, size: size.disk }, signal);
    const told = first.userData === '' ? undefined : { instance: uuid, userData: first.userData };
    const iso = told && (await makeSeed(spec.name, virsh, directory, told));
    const seed = iso === undefined ? undefined : await storeFile(spec, virsh, names.seed, iso, signal);
    const file = path.join(directory, 'domain.xml');
    const { labels } = first;
    await writeFile(file, domainXml(spec, { name, uuid, size, labels, disk, ...(seed !== undefined && { seed }) }));
    await virsh.run(what, ['define', `--file=${file}`], signal);
  });
  await virsh.run(what, ['start', `--domain=${uuid}`], signal).catch(async (error: unknown) => {
    if (error instanceof IaasError && DEFINITE.has(error.failure)) await end(uuid);
    throw error;
  });
  return uuid;
}

export interface Maker {
  readonly spec: LibvirtIaasSpec;
  readonly lineage: string;
  readonly virsh: Virsh;
  readonly end: (id: string) => Promise<void>;
}
