import { describe, expect, it } from 'vitest';
import { aptMirror } from '../../../src/iaas/local/apt-sources.ts';

const list = (text: string) => [{ name: '/etc/apt/sources.list', text }];
const deb822 = (text: string) => [{ name: '/etc/apt/sources.list.d/debian.sources', text }];

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

  it('gives none for no files and for text that is none', () => {
    expect(aptMirror([], 'bookworm')).toBeUndefined();
    expect(aptMirror([...list('garbage\n\0'), ...deb822('::\n\n:')], 'bookworm')).toBeUndefined();
  });
});
