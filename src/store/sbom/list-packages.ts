/** The packages of an image: those of Debian's and Alpine's package managers, and of npm. */
import type { Image } from '../../model/image.ts';
import { layeredFiles } from './layered-files.ts';
import { byName } from './package.ts';
import type { Distribution, InstalledPackage } from './package.ts';
import { parseApk, parseDpkg, parseNpm, parseOsRelease } from './parse-packages.ts';

export interface PackageList {
  readonly distribution?: Distribution;
  /** Sorted, each once. */
  readonly packages: readonly InstalledPackage[];
}

const DPKG = /^var\/lib\/dpkg\/(?:status|status\.d\/[^/]+)$/;
const APK = /^(?:usr\/)?lib\/apk\/db\/installed$/;
const NPM = /(?:^|\/)node_modules\/(?:@[^/]+\/)?[^/]+\/package\.json$/;
const RELEASE = /^(?:usr\/lib|etc)\/os-release$/;

/** Reads the layers of an image, one after the other, by `open`. @throws StoreError; RegistryError of where they are */
export async function listPackages(
  image: Pick<Image, 'layers'>,
  open: (layer: Image['layers'][number]) => AsyncIterable<Uint8Array>,
  signal?: AbortSignal,
): Promise<PackageList> {
  const layers = image.layers.map((layer) => ({
    name: layer.digest,
    mediaType: layer.mediaType,
    open: () => open(layer),
  }));
  return packagesIn(await layeredFiles(layers, isInteresting, signal));
}

/** Whether a file says something about packages. */
export function isInteresting(path: string): boolean {
  return (DPKG.test(path) && !path.endsWith('.md5sums')) || APK.test(path) || NPM.test(path) || RELEASE.test(path);
}

/** What the files say. */
export function packagesIn(files: ReadonlyMap<string, string>): PackageList {
  const found = new Map<string, InstalledPackage>();
  for (const [path, text] of files) {
    const parse = DPKG.test(path) ? parseDpkg : APK.test(path) ? parseApk : NPM.test(path) ? parseNpm : () => [];
    for (const each of parse(text)) found.set(JSON.stringify(each), each);
  }
  const release = files.get('etc/os-release') ?? files.get('usr/lib/os-release');
  const distribution = release === undefined ? undefined : parseOsRelease(release);
  return { ...(distribution && { distribution }), packages: [...found.values()].sort(byName) };
}
