import { describe, expect, it } from 'vitest';
import { aptMirror, parseAptSources, writeAptSource } from '../../../src/host/apt-sources.ts';

describe('parseAptSources', () => {
  it('reads one-line entries with options, comments and disabled ones', () => {
    const text = `# a comment
deb http://mirror.example/debian bookworm main contrib # trailing
deb-src http://mirror.example/debian bookworm main
deb [arch=amd64 signed-by=/usr/share/keyrings/k.gpg] https://other.example/ bookworm-security main
#deb http://off.example/ bookworm main
`;
    expect(parseAptSources(text, 'list')).toEqual([
      { uris: ['http://mirror.example/debian'], suites: ['bookworm'], components: ['main', 'contrib'] },
      {
        uris: ['https://other.example/'],
        suites: ['bookworm-security'],
        components: ['main'],
        signedBy: '/usr/share/keyrings/k.gpg',
      },
    ]);
  });

  it('reads stanzas, keys that go on over lines, and leaves out disabled ones', () => {
    const text = `Types: deb
# in between
URIs: http://a.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 abc

Types: deb
Enabled: no
URIs: http://b.example
Suites: x
Components: main

Types: deb-src
URIs: http://c.example
Suites: x
`;
    const sources = parseAptSources(text, 'deb822');
    expect(sources).toHaveLength(1);
    expect(sources[0]).toMatchObject({ suites: ['bookworm', 'bookworm-updates'] });
    expect(sources[0]?.signedBy).toContain('abc');
    expect(parseAptSources(sources.map(writeAptSource).join('\n'), 'deb822')).toEqual(sources);
  });
});

const list = (text: string) => parseAptSources(text, 'list');
const deb822 = (text: string) => parseAptSources(text, 'deb822');

describe('aptMirror', () => {
  it('reads one-line sources with and without options', () => {
    expect(aptMirror(list('deb http://mirror.example.org/debian/ bookworm main\n'), 'bookworm')).toBe(
      'http://mirror.example.org/debian',
    );
    const options = 'deb [arch=amd64 signed-by=/k.gpg] https://mirror.example.org/ubuntu noble main universe # ours';
    expect(aptMirror(list(options), 'noble')).toBe('https://mirror.example.org/ubuntu');
  });

  it('reads deb822 sources with comments, lists and continued lines', () => {
    const text = `# first
Types: deb deb-src
# why
URIs: http://mirror.example.org/debian
Suites: bookworm
 bookworm-updates
Components: main contrib
Signed-By: /k.gpg
`;
    expect(aptMirror(deb822(text), 'bookworm')).toBe('http://mirror.example.org/debian');
  });

  it('passes over other suites, other components, sources of source code and disabled ones', () => {
    const others = `deb http://a.example.org/debian-security bookworm-security main
deb-src http://b.example.org/debian bookworm main
# deb http://c.example.org/debian bookworm main
deb http://d.example.org/tools bookworm stable
`;
    expect(aptMirror(list(others), 'bookworm')).toBeUndefined();
    const disabled = 'Types: deb\nURIs: http://e.example.org/debian\nSuites: bookworm\nComponents: main\nEnabled: no\n';
    expect(aptMirror(deb822(disabled), 'bookworm')).toBeUndefined();
    expect(aptMirror(deb822(`${disabled}\n${disabled.replace('no', 'yes')}`), 'bookworm')).toBe(
      'http://e.example.org/debian',
    );
  });

  it('follows a mirror list and passes over what debootstrap cannot fetch from', () => {
    const text = 'Types: deb\nURIs: mirror+file:///etc/apt/mirrors/debian.list\nSuites: trixie\nComponents: main\n';
    const lists: Readonly<Record<string, string>> = {
      '/etc/apt/mirrors/debian.list': 'https://mirror.example.org/debian\tpriority:1\n',
    };
    expect(aptMirror(deb822(text), 'trixie', (file) => lists[file])).toBe('https://mirror.example.org/debian');
    expect(aptMirror(deb822(text), 'trixie')).toBeUndefined();
    expect(aptMirror(list('deb cdrom:[Debian]/ bookworm main'), 'bookworm')).toBeUndefined();
  });

  it('prefers the distribution to others that offer the same suite', () => {
    const text = `deb [signed-by=/usr/share/keyrings/vendor-archive-keyring.gpg] https://vendor.example.org bookworm main
deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] https://mirror.example.org/debian bookworm main
`;
    expect(aptMirror(list(text), 'bookworm')).toBe('https://mirror.example.org/debian');
  });

  it('gives none for no files and for text that is none', () => {
    expect(aptMirror([], 'bookworm')).toBeUndefined();
    expect(aptMirror([...list('garbage\n\0'), ...deb822('::\n\n:')], 'bookworm')).toBeUndefined();
  });
});
