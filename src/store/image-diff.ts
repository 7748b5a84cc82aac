/** What differs between two images: files, packages, how they run. */
import { createHash } from 'node:crypto';
import { extract } from 'tar-stream';
import type { Header } from 'tar-stream';
import type { Image } from '../model/image.ts';
import { expandLayer } from './archive/expand.ts';
import type { DirectoryStore } from './directory-store.ts';
import { isInteresting, packagesIn } from './sbom/list-packages.ts';

export interface FileChange {
  readonly path: string;
  readonly change: 'added' | 'removed' | 'changed';
  /** Bytes before and after; undefined where it is not there. */
  readonly before?: number;
  readonly after?: number;
}

export interface PackageChange {
  readonly name: string;
  readonly before?: string;
  readonly after?: string;
}

export interface ImageDiff {
  readonly files: readonly FileChange[];
  readonly packages: readonly PackageChange[];
  /** Bytes of compressed layers, and of files. */
  readonly size: { readonly before: number; readonly after: number };
  readonly content: { readonly before: number; readonly after: number };
}

/** What is at a path, as far as it matters: two of the same text are the same. */
interface Entry {
  readonly text: string;
  readonly size: number;
}

interface Tree {
  readonly entries: Map<string, Entry>;
  /** Contents of lists of packages. */
  readonly lists: Map<string, string>;
}

/** Compares what two images unpack to; times do not count. @throws StoreError when a layer is damaged */
export async function diffImages(store: DirectoryStore, a: Image, b: Image): Promise<ImageDiff> {
  const [before, after] = [await readTree(store, a), await readTree(store, b)];
  const paths = [...new Set([...before.entries.keys(), ...after.entries.keys()])].sort();
  const files = paths.flatMap((path): FileChange[] => {
    const [old, now] = [before.entries.get(path), after.entries.get(path)];
    if (!old) return now ? [{ path, change: 'added', after: now.size }] : [];
    if (!now) return [{ path, change: 'removed', before: old.size }];
    return old.text === now.text ? [] : [{ path, change: 'changed', before: old.size, after: now.size }];
  });
  return {
    files,
    packages: diffPackages(packagesOf(before.lists), packagesOf(after.lists)),
    size: { before: layerSize(a), after: layerSize(b) },
    content: { before: contentSize(before), after: contentSize(after) },
  };
}

function diffPackages(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): readonly PackageChange[] {
  const names = [...new Set([...before.keys(), ...after.keys()])].sort();
  return names.flatMap((name) => {
    const [old, now] = [before.get(name), after.get(name)];
    if (old === now) return [];
    return [{ name, ...(old !== undefined && { before: old }), ...(now !== undefined && { after: now }) }];
  });
}

/** Versions by name; those of npm, which may have several, are told apart from those of the distribution. */
function packagesOf(lists: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const named = packagesIn(lists).packages.map(
    ({ kind, name, version }) => [kind === 'npm' ? `npm ${name}` : name, version] as const,
  );
  const byName = Map.groupBy(named, ([name]) => name);
  return new Map([...byName].map(([name, all]) => [name, all.map(([, version]) => version).join(', ')]));
}

const layerSize = (image: Image): number => image.layers.reduce((sum, layer) => sum + layer.size, 0);
const contentSize = ({ entries }: Tree): number => [...entries.values()].reduce((sum, { size }) => sum + size, 0);

/** Reads the layers as they are stacked, from the lowest. */
async function readTree(store: DirectoryStore, image: Image): Promise<Tree> {
  const tree: Tree = { entries: new Map(), lists: new Map() };
  for (const layer of image.layers) await addLayer(tree, store.blobPath(layer.digest), layer.mediaType);
  return tree;
}

async function addLayer(tree: Tree, path: string, mediaType: string): Promise<void> {
  const tar = extract();
  const source = expandLayer(path, mediaType);
  source.on('error', (error) => {
    tar.destroy(error);
  });
  source.pipe(tar);
  const added: Tree = { entries: new Map(), lists: new Map() };
  for await (const entry of tar) {
    const name = entry.header.name.replace(/^(\.?\/)+/, '').replace(/\/+$/, '');
    const hash = createHash('sha256');
    const kept: Buffer[] = [];
    for await (const chunk of entry) {
      hash.update(chunk as Buffer);
      if (isInteresting(name)) kept.push(chunk as Buffer);
    }
    if (name === '') continue;
    if (hides(tree, name)) continue;
    if (isInteresting(name)) added.lists.set(name, Buffer.concat(kept).toString('utf8'));
    added.entries.set(name, entryOf(entry.header, hash.digest('hex'), added, tree));
  }
  // What a layer hides is what lies below it, wherever in the layer it says so.
  for (const [name, entry] of added.entries) {
    // What was a folder and is none any more takes what was in it with it.
    if (isFolder(tree.entries.get(name)) && !isFolder(entry)) drop(tree, name);
    tree.entries.set(name, entry);
  }
  for (const [name, text] of added.lists) tree.lists.set(name, text);
}

/** Takes away what a mark of a removed file says; false for any other name. */
function hides(tree: Tree, name: string): boolean {
  const cut = name.lastIndexOf('/') + 1;
  const [folder, last] = [name.slice(0, cut), name.slice(cut)];
  if (!last.startsWith('.wh.')) return false;
  if (last === '.wh..wh..opq') drop(tree, folder.slice(0, -1), false);
  else if (!last.startsWith('.wh..wh.')) drop(tree, `${folder}${last.slice('.wh.'.length)}`);
  return true;
}

const isFolder = (entry: Entry | undefined): boolean => entry?.text.startsWith('directory') === true;

function drop({ entries, lists }: Tree, path: string, itself = true): void {
  const folder = path === '' || isFolder(entries.get(path));
  if (itself) {
    entries.delete(path);
    lists.delete(path);
  }
  if (!folder) return;
  const below = path === '' ? '' : `${path}/`;
  for (const key of entries.keys()) if (key.startsWith(below)) entries.delete(key);
  for (const key of lists.keys()) if (key.startsWith(below)) lists.delete(key);
}

function entryOf(header: Header, content: string, added: Tree, below: Tree): Entry {
  const { type, mode, uid, gid, linkname, size } = header;
  if (type === 'link') {
    // Another name of the same file.
    const target = linkname.replace(/^(\.?\/)+/, '');
    return added.entries.get(target) ?? below.entries.get(target) ?? { text: `link ${linkname}`, size: 0 };
  }
  const bits = type === 'symlink' ? '' : mode.toString(8);
  const what = type === 'symlink' ? linkname : type === 'directory' ? '' : content;
  return { text: [type, bits, uid, gid, what].join(' '), size: type === 'directory' ? 0 : size };
}
