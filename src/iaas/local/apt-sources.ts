/** Reads where a Debian or Ubuntu machine takes its packages from. Pure: the files come as texts. */

export interface SourcesFile {
  /** Ends in `.list` (one line for each source) or `.sources` (deb822). */
  readonly name: string;
  readonly text: string;
}

interface Source {
  readonly uris: readonly string[];
  readonly suites: readonly string[];
  readonly components: readonly string[];
}

/**
 * The mirror that serves `suite`'s main component: http, https, file, or `mirror+file:` with the list it names. Undefined
 * when there is none, and debootstrap's own default is right.
 * @param readMirrorList returns the text of the file a `mirror+file:` address names
 */
export function aptMirror(
  files: readonly SourcesFile[],
  suite: string,
  readMirrorList: (file: string) => string | undefined = () => undefined,
): string | undefined {
  for (const source of files.flatMap((file) =>
    file.name.endsWith('.sources') ? deb822(file.text) : oneLine(file.text),
  )) {
    if (!source.suites.includes(suite) || !source.components.includes('main')) continue;
    for (const uri of source.uris) {
      const direct = usable(uri);
      if (direct !== undefined) return direct;
      const list = /^mirror\+file:(\/.*)$/.exec(uri)?.[1];
      const text = list === undefined ? undefined : readMirrorList(list.replace(/^\/+/, '/'));
      const first = text
        ?.split('\n')
        .map((line) => usable(line.trim().split(/\s+/)[0] ?? ''))
        .find((line) => line !== undefined);
      if (first !== undefined) return first;
    }
  }
  return undefined;
}

function usable(uri: string): string | undefined {
  return /^(https?|file):\/\S+$/.test(uri) ? uri.replace(/\/+$/, '') : undefined;
}

/** `deb [options] URI SUITE COMPONENT…` */
function oneLine(text: string): readonly Source[] {
  return text.split('\n').flatMap((line) => {
    const match = /^\s*deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)\s+([^#]*)/.exec(line);
    const [, uri, suite, components] = match ?? [];
    if (uri === undefined || suite === undefined) return [];
    return [{ uris: [uri], suites: [suite], components: words(components) }];
  });
}

/** Paragraphs of `Field: value`, continued on lines that start with a blank. */
function deb822(text: string): readonly Source[] {
  const uncommented = text.split('\n').filter((line) => !line.startsWith('#'));
  return uncommented
    .join('\n')
    .split(/\n\s*\n/)
    .flatMap((paragraph) => {
      const fields = new Map<string, string>();
      for (const match of paragraph.matchAll(/^([A-Za-z-]+):((?:.*)(?:\n[ \t].*)*)/gm)) {
        fields.set((match[1] ?? '').toLowerCase(), match[2] ?? '');
      }
      if (!words(fields.get('types')).includes('deb') || /^\s*(no|false|off|0)\s*$/i.test(fields.get('enabled') ?? ''))
        return [];
      return [
        {
          uris: words(fields.get('uris')),
          suites: words(fields.get('suites')),
          components: words(fields.get('components')),
        },
      ];
    });
}

function words(text: string | undefined): readonly string[] {
  return (text ?? '').split(/\s+/).filter((word) => word !== '');
}
