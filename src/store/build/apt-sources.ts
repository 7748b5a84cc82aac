/** The sources of apt, in both of its formats. Pure: text to values and back. */

export interface AptSource {
  readonly uris: readonly string[];
  readonly suites: readonly string[];
  readonly components: readonly string[];
  /** Path of a keyring, or the key itself. */
  readonly signedBy?: string;
}

/** Reads the binary package sources of a file; what is disabled or not understood is left out. */
export function parseAptSources(text: string, format: 'list' | 'deb822'): readonly AptSource[] {
  return format === 'list' ? text.split('\n').flatMap(parseLine) : text.split(/\n\s*\n/).flatMap(parseStanza);
}

/** Writes a source as a stanza of a `.sources` file. */
export function writeAptSource(source: AptSource): string {
  return [
    'Types: deb',
    `URIs: ${source.uris.join(' ')}`,
    `Suites: ${source.suites.join(' ')}`,
    ...(source.components.length > 0 ? [`Components: ${source.components.join(' ')}`] : []),
    ...(source.signedBy === undefined ? [] : [`Signed-By: ${source.signedBy}`]),
    '',
  ].join('\n');
}

/** `deb [signed-by=/key.gpg arch=amd64] URI SUITE COMPONENT…` */
function parseLine(line: string): readonly AptSource[] {
  const match = /^\s*deb\s+(?:\[([^\]]*)\]\s*)?(\S+)\s+(\S+)\s*([^#]*)/.exec(line);
  if (!match?.[2] || !match[3]) return [];
  const signedBy = /(?:^|\s)signed-by=(\S+)/i.exec(match[1] ?? '')?.[1];
  return [
    {
      uris: [match[2]],
      suites: [match[3]],
      components: words(match[4]),
      ...(signedBy !== undefined && { signedBy }),
    },
  ];
}

function parseStanza(stanza: string): readonly AptSource[] {
  const fields = new Map<string, string>();
  let key = '';
  for (const line of stanza.split('\n')) {
    if (line.startsWith('#')) continue;
    const match = /^([A-Za-z-]+):\s*(.*)$/.exec(line);
    if (match?.[1]) {
      key = match[1].toLowerCase();
      fields.set(key, match[2] ?? '');
    } else if (/^\s/.test(line) && key !== '') fields.set(key, `${fields.get(key) ?? ''}\n${line}`);
  }
  const enabled = !/^(no|false|0)$/i.test(fields.get('enabled') ?? 'yes');
  if (!enabled || !words(fields.get('types')).includes('deb')) return [];
  const signedBy = fields.get('signed-by')?.trimEnd();
  return [
    {
      uris: words(fields.get('uris')),
      suites: words(fields.get('suites')),
      components: words(fields.get('components')),
      ...(signedBy !== undefined && signedBy !== '' && { signedBy }),
    },
  ];
}

const words = (text: string | undefined): readonly string[] => (text ?? '').split(/\s+/).filter((word) => word !== '');
