/** A package that is installed in an image. */
export interface InstalledPackage {
  readonly kind: 'deb' | 'apk' | 'npm';
  readonly name: string;
  readonly version: string;
  /** Of the distribution: `amd64`, `all`, `x86_64`. */
  readonly architecture?: string;
  /** Source package, where it has another name. */
  readonly source?: string;
  /** As the package says it, often an SPDX expression. */
  readonly licence?: string;
}

/** What an image is of, from `os-release(5)`. */
export interface Distribution {
  /** `debian`, `alpine`. */
  readonly id: string;
  /** `12`; undefined where it says none, as a rolling release. */
  readonly version?: string;
}

/** By kind, name, version and architecture, whatever order they were found in. */
export function byName(a: InstalledPackage, b: InstalledPackage): number {
  const [left, right] = [a, b].map(({ kind, name, version, architecture = '' }) =>
    [kind, name, version, architecture].join('\0'),
  ) as [string, string];
  return left < right ? -1 : left > right ? 1 : 0;
}

/**
 * Its package URL (package-url/purl-spec): `pkg:deb/debian/curl@7.88.1-10?arch=amd64&distro=debian-12`. Names are encoded, so that
 * an odd one stays one.
 */
export function packageUrl(found: InstalledPackage, distribution: Distribution | undefined): string {
  const { kind, name, version, architecture } = found;
  const at = `@${encodeURIComponent(version)}`;
  if (kind === 'npm') return `pkg:npm/${name.split('/').map(encodeURIComponent).join('/')}${at}`;
  const id = distribution?.id ?? (kind === 'deb' ? 'debian' : 'alpine');
  const release = distribution?.version;
  const qualifiers = [
    ...(architecture === undefined ? [] : [`arch=${encodeURIComponent(architecture)}`]),
    ...(release === undefined ? [] : [`distro=${encodeURIComponent(`${id}-${release}`)}`]),
  ];
  const tail = qualifiers.length === 0 ? '' : `?${qualifiers.join('&')}`;
  return `pkg:${kind}/${encodeURIComponent(id)}/${encodeURIComponent(name)}${at}${tail}`;
}
