/** `cartridge export` and `cartridge bundle`: images of the store as one file. */
import { stat } from 'node:fs/promises';
import { getuid, platform } from 'node:process';
import type { ExportSettings, NamedImage } from '../commands/cartridge-use-cases.ts';
import { HostError, UsageError } from '../model/errors.ts';
import { bytes } from '../model/quantity.ts';
import type { Bytes } from '../model/quantity.ts';
import type { Deps } from '../reconcile/deps.ts';
import type { DirectoryStore } from '../store/directory-store.ts';
import { parseReference } from '../store/reference.ts';
import { findNamed } from './find-named.ts';

/** Writes the file. @throws NotFoundError, StoreError, HostError */
export async function exportUseCase(
  deps: Deps,
  store: DirectoryStore,
  references: readonly string[],
  file: string,
  { format, gzip, signal, spec }: ExportSettings & { readonly spec: boolean },
): Promise<{ readonly images: readonly NamedImage[]; readonly size: Bytes }> {
  const needed = spec ? Object.values((await deps.loadSpec()).cartridges).map(({ image }) => image) : [];
  const images: NamedImage[] = [];
  for (const reference of new Set([...references, ...needed])) images.push(await asAsked(store, reference));
  const [first] = images;
  if (!first) throw new UsageError('Cannot write an archive as no image is named', { hint: 'stratos cartridge ls' });
  deps.emit({ type: 'step', message: `writing ${file}` });
  if (format === 'rootfs') {
    if (images.length > 1) throw new UsageError('Cannot write more than one image as a root file system');
    if (platform !== 'linux' || getuid?.() !== 0)
      throw new HostError('Cannot put a root file system together on this machine as that takes root on Linux', {
        hint: `sudo stratos cartridge export ${references.join(' ')} ${file} --format rootfs`,
      });
    const [{ exportRootfs }, { localBuilder }, { BUILD_CACHE }] = await Promise.all([
      import('../store/archive/export-rootfs.ts'),
      import('../store/build/local-builder.ts'),
      import('../store/build/cache-folder.ts'),
    ]);
    await exportRootfs(store, first.image, file, localBuilder(BUILD_CACHE), signal);
  } else if (format === 'docker') {
    await (await import('../store/archive/export-docker.ts')).exportDocker(store, images, file, signal);
  } else {
    await (await import('../store/archive/export-oci.ts')).exportOci(store, images, file, { signal, gzip });
  }
  return { images, size: bytes((await stat(file)).size) };
}

/** An image under the name that was asked for, or, by digest, under all it has. */
async function asAsked(store: DirectoryStore, reference: string): Promise<NamedImage> {
  const { image, references } = await findNamed(store, reference);
  if (parseReference(reference).kind === 'digest') return { image, references };
  const named: string[] = [];
  for (const name of references) if (sameName(name, reference)) named.push(name);
  return { image, references: named.length > 0 ? named : references };
}

const sameName = (a: string, b: string): boolean =>
  JSON.stringify(parseReference(a)) === JSON.stringify(parseReference(b));
