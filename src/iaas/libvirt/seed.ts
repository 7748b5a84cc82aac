/**
 * What a machine is told at its first boot, as cloud-init's data source NoCloud reads it: a small ISO 9660 image with the volume name
 * `cidata` and files in it.
 */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { IaasError } from '../../model/errors.ts';
import type { Virsh } from './virsh.ts';

/** Programs that make such an image, by the same arguments. */
const MAKERS = ['xorrisofs', 'genisoimage', 'mkisofs'];

/**
 * Makes the image in a directory. @param instance changes with each machine: cloud-init does its work once for each
 * @returns its path @throws IaasError invalid when no program can
 */
export async function makeSeed(
  iaas: string,
  virsh: Virsh,
  directory: string,
  { instance, userData }: { readonly instance: string; readonly userData: string },
): Promise<string> {
  const image = path.join(directory, 'seed.iso');
  const files = { 'user-data': userData, 'meta-data': `${JSON.stringify({ 'instance-id': instance })}\n` };
  const paths = await Promise.all(
    Object.entries(files).map(async ([name, text]) => {
      const file = path.join(directory, name);
      await writeFile(file, text, { mode: 0o600 });
      return file;
    }),
  );
  const args = ['-quiet', '-output', image, '-volid', 'cidata', '-joliet', '-rock', ...paths];
  await anyMaker(iaas, virsh, 'make the seed of a machine', args);
  return image;
}

/** Whether an image could be made here. @throws IaasError invalid */
export async function checkMaker(iaas: string, virsh: Virsh): Promise<void> {
  await anyMaker(iaas, virsh, `use ${iaas}`, ['--version']);
}

async function anyMaker(iaas: string, virsh: Virsh, what: string, args: readonly string[]): Promise<void> {
  for (const maker of MAKERS) if ((await virsh.tool(what, maker, args)) !== undefined) return;
  throw new IaasError(iaas, 'invalid', `Cannot ${what} as no program here makes ISO images: ${MAKERS.join(', ')}`, {
    hint: 'apt-get install xorriso',
  });
}
