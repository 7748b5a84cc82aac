/** Where a Debian or Ubuntu machine takes its packages from: apt's sources in both of their formats. Pure: the files come as texts. */

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

/** Whether it is the distribution's own: what third parties offer may have the same suite and component names. */
export function isOfDistribution({ signedBy }: AptSource): boolean {
  return signedBy === undefined || /\/(debian|ubuntu)-archive-[^/]*$/.test(signedBy);
}

/**
 * The mirror that serves `suite`'s main component, the distribution's own before others: http, https, file, or `mirror+file:`
 * with the list it names. Undefined when there is none, and debootstrap's own default is right.
 * @param readMirrorList returns the text of the file a `mirror+file:` address names
 */
export function aptMirror(
  sources: readonly AptSource[],
  suite: string,
  readMirrorList: (file: string) => string | undefined = () => undefined,
): string | undefined {
  const serving = sources.filter(({ suites, components }) => suites.includes(suite) && components.includes('main'));
  const ordered = [...serving.filter(isOfDistribution), ...serving.filter((source) => !isOfDistribution(source))];
  for (const uri of ordered.flatMap(({ uris }) => uris)) {
    const list = /^mirror\+file:(\/.*)$/.exec(uri)?.[1];
    const offered = list === undefined ? [uri] : (readMirrorList(list.replace(/^\/+/, '/')) ?? '').split('\n');
    const mirror = offered.map((line) => line.trim().split(/\s+/)[0] ?? '').find((word) => USABLE.test(word));
    if (mirror !== undefined) return mirror.replace(/\/+$/, '');
  }
  return undefined;
}

/** What debootstrap can fetch from. */
const USABLE = /^(https?|file):\/\S+$/;

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
  const enabled = !/^\s*(no|false|off|0)\s*$/i.test(fields.get('enabled') ?? 'yes');
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
