/** An image as the tar of one root file system, with owners, capabilities and links as in it. */
import { resolve } from 'node:path';
import { IDMAP } from '../../lxc/layout.ts';
import type { Image } from '../../model/image.ts';
import type { Builder } from '../build/builder.ts';
import { lowerFolders } from '../build/lower-folders.ts';
import { toolFailure } from '../build/run-tool.ts';
import type { DirectoryStore } from '../directory-store.ts';
import rootText from '../scripts/export-root.sh';
import { wholeFile } from './write-archive.ts';

/** Unpacks the layers with the builder of this machine, and packs what they make together. @throws StoreError, HostError, InterruptedError */
export async function exportRootfs(
  store: DirectoryStore,
  image: Image,
  file: string,
  builder: Builder,
  signal?: AbortSignal,
): Promise<void> {
  const path = resolve(file);
  const workspace = await builder.open(signal);
  try {
    const lowers = await lowerFolders(image.layers, { builder, store, signal });
    await wholeFile(
      path,
      async (temporary) => {
        const words = [workspace.folder, temporary, programFor(path), IDMAP.first, IDMAP.count, ...lowers];
        const argv = ['unshare', '--mount', 'sh', '-c', rootText, 'sh', ...words] as const;
        const { status, tail } = await builder.exec(`export ${image.digest}`, argv, { signal });
        if (status !== 0) throw toolFailure(`export ${image.digest}`, status, tail);
      },
      signal,
    );
  } finally {
    await workspace.close();
  }
}

function programFor(path: string): string {
  if (/\.(gz|tgz)$/.test(path)) return 'gzip';
  return /\.(zst|tzst)$/.test(path) ? 'zstd' : 'cat';
}
