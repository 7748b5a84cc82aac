/** Reads what package managers keep of what they installed. What is not whole is left out: an image may say anything. */
import type { Distribution, InstalledPackage } from './package.ts';

/** Paragraphs of `var/lib/dpkg/status`, or of a file in `status.d` as distroless images have (deb822; dpkg(1) "status"). */
export function parseDpkg(text: string): readonly InstalledPackage[] {
  return paragraphs(text, /\n\s*\n/, ': ').flatMap((fields) => {
    const [name, version] = [fields.get('Package'), fields.get('Version')];
    const status = fields.get('Status') ?? 'install ok installed';
    if (!name || !version || !status.endsWith(' installed')) return [];
    const architecture = fields.get('Architecture');
    const source = fields.get('Source')?.split(' ')[0];
    return [
      {
        kind: 'deb' as const,
        name,
        version,
        ...(architecture !== undefined && { architecture }),
        ...(source !== undefined && source !== name && { source }),
      },
    ];
  });
}

/** Paragraphs of `lib/apk/db/installed`: one letter, a colon and the value (apk-tools, "Installed database"). */
export function parseApk(text: string): readonly InstalledPackage[] {
  return paragraphs(text, /\n\n/, ':').flatMap((fields) => {
    const [name, version] = [fields.get('P'), fields.get('V')];
    if (!name || !version) return [];
    const [architecture, source, licence] = [fields.get('A'), fields.get('o'), fields.get('L')];
    return [
      {
        kind: 'apk' as const,
        name,
        version,
        ...(architecture !== undefined && { architecture }),
        ...(source !== undefined && source !== name && { source }),
        ...(licence !== undefined && licence !== '' && { licence }),
      },
    ];
  });
}

/** A `package.json` of a folder in `node_modules`. */
export function parseNpm(text: string): readonly InstalledPackage[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return [];
  }
  const { name, version, license } = (value ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof name !== 'string' || typeof version !== 'string' || name === '' || version === '') return [];
  return [{ kind: 'npm', name, version, ...(typeof license === 'string' && license !== '' && { licence: license }) }];
}

/** `ID` and `VERSION_ID` of an os-release file. */
export function parseOsRelease(text: string): Distribution | undefined {
  const fields = new Map(
    [...text.matchAll(/^([A-Z_]+)=(?:"([^"\n]*)"|'([^'\n]*)'|(\S*))[ \t]*$/gm)].map(
      ([, key, double, single, bare]) => [key, double ?? single ?? bare ?? ''] as const,
    ),
  );
  const [id, version] = [fields.get('ID'), fields.get('VERSION_ID')];
  if (!id) return undefined;
  return { id, ...(version !== undefined && version !== '' && { version }) };
}

/** Fields of each paragraph; lines that go on from the one before are part of none that is read here. */
function paragraphs(text: string, end: RegExp, separator: string): readonly ReadonlyMap<string, string>[] {
  return text.split(end).map((paragraph) => {
    const fields = new Map<string, string>();
    for (const line of paragraph.split('\n')) {
      const at = line.indexOf(separator);
      if (at > 0 && !/^\s/.test(line)) fields.set(line.slice(0, at), line.slice(at + separator.length).trim());
    }
    return fields;
  });
}
