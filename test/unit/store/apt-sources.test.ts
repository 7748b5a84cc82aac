import { describe, expect, it } from 'vitest';
import { parseAptSources, writeAptSource } from '../../../src/store/build/apt-sources.ts';

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
