import { describe, expect, it } from 'vitest';
import { packagesIn } from '../../../../src/store/sbom/list-packages.ts';
import { packageUrl } from '../../../../src/store/sbom/package.ts';
import { parseApk, parseDpkg, parseNpm, parseOsRelease } from '../../../../src/store/sbom/parse-packages.ts';

describe('parseDpkg', () => {
  it('reads installed packages and their sources, and no remains of removed ones', () => {
    const text = `Package: libc6
Status: install ok installed
Architecture: amd64
Source: glibc (2.36-9)
Version: 2.36-9+deb12u4
Description: GNU C Library
 with a line that goes on: as if it were a field
 Version: 9

Package: gone
Status: deinstall ok config-files
Version: 1

Package: half
Status: install ok installed

`;
    expect(parseDpkg(text)).toEqual([
      { kind: 'deb', name: 'libc6', version: '2.36-9+deb12u4', architecture: 'amd64', source: 'glibc' },
    ]);
  });

  it('reads the files of distroless images, which have no status', () => {
    expect(parseDpkg('Package: tzdata\nVersion: 2024a-0\nArchitecture: all\n')).toEqual([
      { kind: 'deb', name: 'tzdata', version: '2024a-0', architecture: 'all' },
    ]);
  });
});

describe('parseApk', () => {
  it('reads packages, their licences and their sources', () => {
    const text =
      'C:Q1abc=\nP:musl-utils\nV:1.2.4-r2\nA:x86_64\nL:MIT AND BSD-2-Clause\no:musl\nF:usr/bin\nR:ldd\n\nP:only-a-name\n\n';
    expect(parseApk(text)).toEqual([
      {
        kind: 'apk',
        name: 'musl-utils',
        version: '1.2.4-r2',
        architecture: 'x86_64',
        source: 'musl',
        licence: 'MIT AND BSD-2-Clause',
      },
    ]);
  });
});

describe('parseNpm', () => {
  it('reads a package, and nothing of what is none', () => {
    expect(parseNpm('{"name":"@a/b","version":"1.0.0","license":"MIT"}')).toMatchObject([
      { name: '@a/b', licence: 'MIT' },
    ]);
    for (const text of ['', '{', '[]', 'null', '{"name":"a"}', '{"name":{},"version":"1"}'])
      expect(parseNpm(text)).toEqual([]);
  });
});

describe('parseOsRelease', () => {
  it.each([
    ['ID=debian\nVERSION_ID="12"\nNAME="Debian"', { id: 'debian', version: '12' }],
    ["NAME=Arch\nID='arch'\n", { id: 'arch' }],
    ['NAME=x', undefined],
  ])('of %j', (text, release) => {
    expect(parseOsRelease(text)).toEqual(release);
  });
});

describe('packageUrl', () => {
  it.each([
    [
      { kind: 'deb', name: 'g++', version: '4:12.2.0-3', architecture: 'amd64' },
      'pkg:deb/debian/g%2B%2B@4%3A12.2.0-3?arch=amd64&distro=debian-12',
    ],
    [{ kind: 'npm', name: '@a/b', version: '1.0.0' }, 'pkg:npm/%40a/b@1.0.0'],
    [{ kind: 'apk', name: 'a/../b?', version: '1' }, 'pkg:apk/debian/a%2F..%2Fb%3F@1?distro=debian-12'],
  ] as const)('of %j', (found, url) => {
    expect(packageUrl(found, { id: 'debian', version: '12' })).toBe(url);
  });
});

describe('packagesIn', () => {
  it('puts all managers together, sorted, each package once', () => {
    const list = packagesIn(
      new Map([
        ['var/lib/dpkg/status', 'Package: b\nVersion: 1\n\nPackage: a\nVersion: 1\n'],
        ['var/lib/dpkg/status.d/a', 'Package: a\nVersion: 1\n'],
        ['app/node_modules/x/package.json', '{"name":"x","version":"2"}'],
        ['usr/lib/os-release', 'ID=debian\nVERSION_ID=12\n'],
      ]),
    );
    expect(list.packages.map(({ name }) => name)).toEqual(['a', 'b', 'x']);
    expect(list.distribution).toEqual({ id: 'debian', version: '12' });
  });
});
