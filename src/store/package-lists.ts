/** Lists of installed packages, as dpkg and apk keep them. */

/** Versions by name of package, from the contents of lists by their path. */
export function packagesOf(lists: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const dpkg = parseDpkg(lists.get('var/lib/dpkg/status') ?? '');
  const apk = parseApk(lists.get('lib/apk/db/installed') ?? '');
  return new Map([...dpkg, ...apk]);
}

/** https://manpages.debian.org/dpkg-query: paragraphs of fields; only what is installed counts. */
function parseDpkg(text: string): readonly (readonly [string, string])[] {
  return text.split(/\n\n+/).flatMap((paragraph) => {
    const field = (name: string): string | undefined => new RegExp(`^${name}: (.*)$`, 'm').exec(paragraph)?.[1];
    const [name, version] = [field('Package'), field('Version')];
    const installed = field('Status')?.endsWith(' installed') === true;
    return name !== undefined && version !== undefined && installed ? [[name, version] as const] : [];
  });
}

/** https://wiki.alpinelinux.org/wiki/Apk_spec: `P:` is the name and `V:` the version. */
function parseApk(text: string): readonly (readonly [string, string])[] {
  return text.split(/\n\n+/).flatMap((paragraph) => {
    const field = (name: string): string | undefined => new RegExp(`^${name}:(.*)$`, 'm').exec(paragraph)?.[1];
    const [name, version] = [field('P'), field('V')];
    return name !== undefined && version !== undefined ? [[name, version] as const] : [];
  });
}
