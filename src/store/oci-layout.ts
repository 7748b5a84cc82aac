/**
 * An OCI image layout in a directory: `index.json` and blobs, readable by skopeo and umoci. Writers take a lock for the moment they
 * change the index; readers take none, since the file is only ever replaced whole.
 */
import { mkdir, readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { atomicWrite } from '../host/atomic-file.ts';
import { codeOf } from '../host/code-of.ts';
import { withKernelLock } from '../host/kernel-lock.ts';
import { StoreError, StratosError } from '../model/errors.ts';
import { blobFolder } from './blob-folder.ts';
import type { BlobFolder } from './blob-folder.ts';
import { diskFull, isDiskFull } from './disk-full.ts';
import { MEDIA, parseIndex, REF_NAME } from './oci.ts';
import type { Descriptor, OciIndex } from './oci.ts';
import { blobsOf, parseDocument } from './oci-document.ts';
import { DEFAULT_TAG } from './reference.ts';
import { fallbackTag, isFallbackTag } from './registry.ts';

/** Age in ms from which a blob that no name reaches is swept even though it never had one: younger ones may be an image in the making. */
const ORPHAN_AGE = 3_600_000;

export interface OciLayout {
  /** Absolute. */
  readonly directory: string;
  readonly blobs: BlobFolder;
  /** The index; empty where there is no layout yet. @throws StoreError */
  read(): Promise<OciIndex>;
  /** Replaces the list of manifests under the lock. @throws StoreError */
  update(change: (manifests: readonly Descriptor[]) => Promise<readonly Descriptor[]>): Promise<void>;
  /** Points a full name at a manifest; without a name it is kept by its digest alone. @throws StoreError when a blob of it is missing */
  put(name: string | undefined, target: Omit<Descriptor, 'annotations'>): Promise<void>;
  /**
   * Takes entries out of the index, then every blob that none reaches any more, and what was attached to manifests that went.
   * Returns the bytes freed.
   */
  remove(leaves: (entry: Descriptor) => boolean): Promise<number>;
  /** Every blob a manifest needs, itself included; a damaged one is left out rather than hiding the others. */
  reach(descriptor: Pick<Descriptor, 'digest'>): Promise<readonly string[]>;
}

/** Opens the layout in `path`, which is made with the first image. */
export function ociLayout(path: string): OciLayout {
  const directory = resolve(path);
  const blobs = blobFolder(directory);
  const indexPath = join(directory, 'index.json');

  async function read(): Promise<OciIndex> {
    let text: string;
    try {
      text = await readFile(indexPath, 'utf8');
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return { schemaVersion: 2, manifests: [] };
      throw new StoreError(`Cannot read the cartridge store as its index is not readable: ${indexPath}`, {
        cause: error,
      });
    }
    return parseIndex(text, indexPath);
  }

  function writeIndex(manifests: readonly Descriptor[]): Promise<void> {
    const text = JSON.stringify({ schemaVersion: 2, mediaType: MEDIA.index, manifests }, null, 1);
    return atomicWrite(indexPath, text, { mode: 0o644 });
  }

  async function update(change: (manifests: readonly Descriptor[]) => Promise<readonly Descriptor[]>): Promise<void> {
    try {
      await mkdir(blobs.folder, { recursive: true });
      await withKernelLock(join(directory, '.lock'), async () => {
        const layout = join(directory, 'oci-layout');
        if (!(await stat(layout).catch(() => undefined))) {
          await atomicWrite(layout, JSON.stringify({ imageLayoutVersion: '1.0.0' }), { mode: 0o644 });
        }
        const { manifests } = await read();
        await writeIndex(await change(manifests));
      });
    } catch (error) {
      const code = codeOf(error);
      if (code === '' || error instanceof StratosError) throw error;
      if (isDiskFull(error)) throw diskFull('write the cartridge store', directory, error);
      throw new StoreError(`Cannot write the cartridge store as the system refuses (${code}): ${directory}`, {
        cause: error,
      });
    }
  }

  async function reach({ digest }: Pick<Descriptor, 'digest'>): Promise<readonly string[]> {
    try {
      const document = parseDocument(Buffer.from(await blobs.read(digest, '')), '');
      if (document.kind === 'index') return [digest, ...(await Promise.all(document.manifests.map(reach))).flat()];
      return [digest, ...blobsOf(document).map((blob) => blob.digest)];
    } catch {
      return [digest];
    }
  }

  async function sweep(removed: readonly string[], kept: ReadonlySet<string>): Promise<number> {
    const gone = new Set(removed);
    let freed = 0;
    for (const blob of await blobs.all()) {
      if (kept.has(blob.digest) || (!gone.has(blob.digest) && blob.age < ORPHAN_AGE)) continue;
      if (await blobs.drop(blob.digest)) freed += blob.size;
    }
    return freed;
  }

  const reachAll = async (entries: readonly Descriptor[]): Promise<readonly string[]> =>
    (await Promise.all(entries.map(reach))).flat();

  return {
    directory,
    blobs,
    read,
    update,
    reach,
    async put(full, target) {
      await update(async (manifests) => {
        for (const digest of await reach(target)) {
          if ((await blobs.size(digest)) === undefined) {
            throw new StoreError(
              `Cannot name ${full ?? target.digest} as a blob of it was removed meanwhile: ${digest}`,
            );
          }
        }
        if (full === undefined) {
          return manifests.some((entry) => entry.digest === target.digest) ? manifests : [...manifests, target];
        }
        const others = manifests.filter((entry) => nameOf(entry) !== full);
        const kept = others.filter((entry) => nameOf(entry) !== undefined || entry.digest !== target.digest);
        return [...kept, { ...target, annotations: { [REF_NAME]: full } }];
      });
    },
    async remove(leaves) {
      let freed = 0;
      await update(async (manifests) => {
        const named = manifests.filter((entry) => !leaves(entry));
        // Signatures and the like go with what they are about.
        const present = new Set(await reachAll(named.filter((entry) => !isAttachment(entry))));
        const lost = (await reachAll(manifests.filter(leaves))).filter((digest) => !present.has(digest));
        const tags = new Set(lost.map(fallbackTag));
        const rest = named.filter((entry) => !tags.has(tagOf(entry)));
        const removed = await reachAll(manifests.filter((entry) => !rest.includes(entry)));
        const kept = new Set(await reachAll(rest));
        // The names go first: a crash in between leaves blobs that nobody names, never names without blobs.
        await writeIndex(rest);
        freed = await sweep(removed, kept);
        return rest;
      });
      return freed;
    },
  };
}

/** What an entry of the index is called; names of other tools without a tag get the default one. */
export function nameOf(entry: Descriptor): string | undefined {
  const text = entry.annotations?.[REF_NAME];
  if (text === undefined || text === '') return undefined;
  return text.lastIndexOf(':') > text.lastIndexOf('/') ? text : `${text}:${DEFAULT_TAG}`;
}

/** Whether an entry lists what is attached to an image, rather than being one. */
export function isAttachment(entry: Descriptor): boolean {
  return isFallbackTag(tagOf(entry));
}

function tagOf(entry: Descriptor): string {
  const name = nameOf(entry) ?? '';
  return name.slice(name.lastIndexOf(':') + 1);
}
