import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LAYOUT } from '../../../src/lxc/layout.ts';
import { RemoteCommandError, StoreError } from '../../../src/model/errors.ts';
import { tar, type TarEntry } from '../../support/tar.ts';
import { run, storeLab, type StoreLab } from './lab.ts';
import { madeImage, type MadeLayer } from './made-image.ts';
import { imageFolder, preparedVm, type PreparedVm, type Served } from './site.ts';

let lab: StoreLab;
let site: PreparedVm;
beforeAll(async () => {
  [lab, site] = await Promise.all([storeLab(), preparedVm()]);
});
afterAll(async () => {
  await lab[Symbol.asyncDispose]();
  await site[Symbol.asyncDispose]();
});

const folder = (name: string, more: Partial<TarEntry> = {}): TarEntry => ({ name, type: '5', ...more });
const file = (name: string, content = name, more: Partial<TarEntry> = {}): TarEntry => ({ name, content, ...more });
const mark = (name: string): TarEntry => ({ name });

/** From the bottom: what is replaced, hidden and kept in every way there is. */
const LAYERS: readonly (readonly TarEntry[])[] = [
  [
    ...[folder('etc/'), file('etc/passwd', 'root:x:0:0::/root:/bin/sh\n'), folder('tmp/', { mode: 0o1777 })],
    ...[folder('gone/'), file('gone/a'), folder('gone/deep/'), file('gone/deep/b'), file('file-gone')],
    ...[folder('opaque/'), file('opaque/old'), folder('opaque/kept/'), file('opaque/kept/old')],
    ...[folder('to-file/'), file('to-file/inside'), file('to-folder'), folder('to-link/'), file('to-link/inside')],
    ...[
      folder('replaced/'),
      file('replaced/old'),
      folder('both/'),
      file('both/old'),
      folder('merged/'),
      file('merged/old'),
    ],
    ...[file('linked', 'one inode', { uid: 7, gid: 8 }), { name: 'linked-too', type: '1', link: 'linked' } as const],
    ...[
      { name: 'link', type: '2', link: '/etc/passwd' } as const,
      { name: 'up', type: '2', link: '../../up' } as const,
    ],
    file('setuid', 'program', { mode: 0o4755 }),
    file('name with\nnewline'),
    file('noted', 'x', { pax: { 'SCHILY.xattr.user.note': 'kept' } }),
    file('capable', 'x', {
      mode: 0o755,
      // Version 2, cap_net_bind_service, permitted and effective.
      pax: { 'SCHILY.xattr.security.capability': Buffer.from('0100000200040000000000000000000000000000', 'hex') },
    }),
    folder('secret/', { mode: 0o700, uid: 33 }),
    file('dev/null', 'no device'),
  ],
  [],
  [
    ...[mark('.wh.gone'), mark('.wh.file-gone'), folder('opaque/'), file('opaque/new'), mark('opaque/.wh..wh..opq')],
    ...[folder('opaque/kept/'), file('opaque/kept/new')],
    ...[
      file('to-file'),
      folder('to-folder/'),
      file('to-folder/inside'),
      { name: 'to-link', type: '2', link: 'etc' } as const,
    ],
    // A mark that comes before or after what the same layer has of that name is about the layers below alone.
    ...[
      mark('.wh.replaced'),
      folder('replaced/'),
      file('replaced/new'),
      folder('both/'),
      file('both/new'),
      mark('.wh.both'),
    ],
    ...[file('merged/new'), file('tmp/new'), file('secret/new'), mark('.wh.never-there')],
  ],
  [],
  [file('file-gone', 'back'), folder('gone/'), file('gone/back')],
];

/** Everything of a tree that matters, one line for each file. */
const LIST = `find . -mindepth 1 ! -path ./.stratos ! -path './dev*' ! -path ./proc ! -path ./sys ! -path './etc/resolv.conf' ! -path './etc/hosts' \\
  \\( -type d -printf '%p %y %m %U:%G\\n' -o -printf '%p %y %m %U:%G %n %l\\n' \\) | sort; find . -type f ! -path './dev*' ! -path './etc/hosts' ! -path './etc/resolv.conf' -print0 | sort -z | xargs -0 sha256sum`;

describe('layers of an image', () => {
  it('show what umoci makes of them', async () => {
    const image = await madeImage(
      lab.store,
      'semantics:1',
      LAYERS.map((entries, i) => ({
        tar: tar(entries),
        compression: (['gzip', 'zstd', 'tar'] as const)[i % 3] ?? 'tar',
        known: i % 2 === 0,
      })),
    );
    await site.distribute(lab.store, image, { privileged: true });
    const here = await site.vm.ssh(`cd ${imageFolder(image)}/privileged && ${LIST}`);
    // umoci reads no zstd.
    const plain = await madeImage(
      lab.store,
      'plain:1',
      LAYERS.map((entries) => ({ tar: tar(entries), compression: 'gzip' })),
    );
    const bundle = await mkdtemp(join(lab.directory, 'bundle-'));
    await rm(bundle, { recursive: true });
    await run('umoci', ['unpack', '--image', `${lab.store.directory}:plain:1`, bundle]);
    const { stdout } = await run('sh', ['-c', `cd "$1" && ${LIST}`, 'sh', join(bundle, 'rootfs')]);
    expect(plain.layers).toHaveLength(5);
    expect(here).toBe(stdout);
  });

  it('have shifted owners and capabilities, and their folders keep their modes', async () => {
    const image = await madeImage(
      lab.store,
      'shifted:1',
      LAYERS.map((entries) => ({ tar: tar(entries), known: true })),
    );
    await site.distribute(lab.store, image);
    const root = `${imageFolder(image)}/rootfs`;
    const stat = (names: string): Promise<string> => site.vm.ssh(`cd ${root} && stat -c '%n %a %u:%g' ${names}`);
    expect(await stat('linked linked-too setuid tmp secret tmp/new')).toBe(
      [
        ...['linked 644 100007:100008', 'linked-too 644 100007:100008', 'setuid 4755 100000:100000'],
        ...['tmp 1777 100000:100000', 'secret 700 100033:100000', 'tmp/new 644 100000:100000', ''],
      ].join('\n'),
    );
    // Version 3 with the root of the map: worth nothing outside.
    const capability = await site.vm.ssh(`getfattr --absolute-names -e hex -n security.capability ${root}/capable`);
    expect(capability).toContain('0x0100000300040000000000000000000000000000a0860100');
    expect(await site.vm.ssh(`getfattr --absolute-names -n user.note ${root}/noted`)).toContain('"kept"');
    expect((await site.vm.ssh(`ls -A ${root}/dev`)).trim()).toBe('');
  });

  it.each([false, true])(
    'give setuid programs their rights inside, and nobody outside (privileged: %j)',
    async (privileged) => {
      // BusyBox's su says so where it does not run as root.
      const busybox = await readFile('/bin/busybox');
      const image = await madeImage(
        lab.store,
        'setuid:1',
        [
          {
            tar: tar([
              ...[folder('bin/'), { name: 'bin/busybox', content: busybox, mode: 0o755 }, folder('www/')],
              ...['sh', 'id', 'httpd', 'cp', 'chmod'].map((name) => ({
                ...{ name: `bin/${name}`, type: '2' as const, link: 'busybox' },
              })),
              { name: 'bin/su', content: busybox, mode: 0o4755 },
              ...[folder('etc/'), file('etc/passwd', 'root::0:0::/:/bin/sh\nweb:x:33:33::/:/bin/sh\n')],
              file('www/index.html', 'hello'),
            ]),
          },
        ],
        { Entrypoint: ['/bin/httpd', '-f', '-p', '8080', '-h', '/www'], User: 'web', StopSignal: 'SIGKILL' },
      );
      await site.distribute(lab.store, image, { privileged });
      const inside = async ({ name, exec }: Served): Promise<void> => {
        const asUser = (program: string): Promise<string> =>
          site.vm.ssh(`${LAYOUT.bin}/process-exec ${name} ${program} -s /bin/sh root -c 'id -u' 2>&1`);
        expect(await asUser('/bin/su')).toBe('0\n');
        // What root inside makes, in its changes and on a volume.
        await exec('for to in /made /kept/made; do cp /bin/busybox $to && chmod 4755 $to; done');
        const found = await site.vm.ssh(
          `find ${LAYOUT.root} -type f -perm -4000 -name su -o -type f -name made 2>/dev/null`,
        );
        const places = found.trim().split('\n');
        expect(places.map((place) => place.slice(place.lastIndexOf('/') + 1))).toEqual(
          expect.arrayContaining(['su', 'made', 'made']),
        );
        const pid = (await site.vm.ssh(`lxc-info -P ${LAYOUT.processes} -n ${name} -pH`)).trim();
        const said = await site.vm.ssh(
          [...places, `/proc/${pid}/root/bin/su`]
            .map(
              (place) =>
                `echo "${place}: $(setpriv --reuid 33 --regid 33 --clear-groups bash -c 'exec -a su "$0" root -c true' ${place} 2>&1 </dev/null)"`,
            )
            .join('\n'),
        );
        const lines = said
          .trim()
          .split('\n')
          .filter((line) => line.startsWith('/'));
        expect(lines.length).toBeGreaterThanOrEqual(places.length);
        expect(lines.filter((line) => !/Permission denied|must be suid/.test(line))).toEqual([]);
      };
      await site.serve(image, 8080, inside, {}, { privileged });
    },
  );

  it('keep holes', async () => {
    const sparse = join(lab.directory, 'sparse');
    await run('sh', ['-c', 'mkdir "$1" && cd "$1" && truncate -s 64M hole && echo end >>hole', 'sh', sparse]);
    const options = { encoding: 'buffer' as const, maxBuffer: 2 ** 24 };
    const { stdout } = await run('tar', ['-C', sparse, '--sparse', '--format=posix', '-cf', '-', 'hole'], options);
    const image = await madeImage(lab.store, 'sparse:1', [{ tar: stdout }]);
    await site.distribute(lab.store, image);
    const [size, blocks] = (await site.vm.ssh(`stat -c '%s %b' ${imageFolder(image)}/rootfs/hole`))
      .split(' ')
      .map(Number);
    expect(size).toBe(64 * 2 ** 20 + 4);
    expect(blocks).toBeLessThan(100);
  });

  it('are more than the names of all of them have room for in one mount', async () => {
    const layers = Array.from({ length: 100 }, (_, i) => ({
      tar: tar([file(`file-${String(i)}`), file('last', String(i))]),
    }));
    const image = await madeImage(lab.store, 'many:1', layers);
    await site.distribute(lab.store, image);
    const root = `${imageFolder(image)}/rootfs`;
    expect((await site.vm.ssh(`ls ${root} | grep -c file-; cat ${root}/last`)).split('\n').slice(0, 2)).toEqual([
      '100',
      '99',
    ]);
  }, 120_000);
});

/** An honest file beside, so that it is the bad entry that is refused. */
const bad = (...entries: readonly TarEntry[]): MadeLayer => ({
  tar: tar([folder('ok/'), file('ok/file'), ...entries]),
});
const OUTSIDE = 'outside-of-everything';

const REFUSED: readonly (readonly [string, MadeLayer, RegExp])[] = [
  ['a name with steps upwards', bad(file(`../../../../../tmp/${OUTSIDE}`)), /contains '\.\.'/],
  ['a name with steps upwards inside', bad(file(`ok/../../../${OUTSIDE}`)), /contains '\.\.'/],
  [
    'a file through a link that was put in its way',
    bad({ name: 'swap', type: '2', link: '/tmp' }, file(`swap/${OUTSIDE}`)),
    /swap/,
  ],
  [
    'a file through a link upwards',
    bad({ name: 'swap', type: '2', link: '../../../../../../tmp' }, file(`swap/${OUTSIDE}`)),
    /swap/,
  ],
  ['a hard link to a file outside', bad({ name: 'shadow', type: '1', link: '/etc/shadow' }), /hard link/],
  ['a hard link upwards', bad({ name: 'shadow', type: '1', link: '../../../../../../etc/shadow' }), /hard link/],
  [
    'a hard link through a link',
    bad({ name: 'etc', type: '2', link: '/etc' }, { name: 'shadow', type: '1', link: 'etc/shadow' }),
    /etc\/shadow: Cannot stat: Not a directory/,
  ],
  ['a device', bad({ name: 'disk', type: '4', device: [8, 0], mode: 0o666 }), /it has a device file: disk/],
  ['a device of characters', bad({ name: 'mem', type: '3', device: [1, 1], mode: 0o666 }), /it has a device file: mem/],
  [
    'a bomb',
    { ...bad(file('zeros', Buffer.alloc(40 * 2 ** 20) as never)), unpackedSize: 2 ** 20 },
    /unpacks to more than 1048576 bytes/,
  ],
  [
    'another tar than the configuration says',
    { ...bad(), diffId: `sha256:${'1'.repeat(64)}` },
    /not what the configuration/,
  ],
  ['an archive that ends early', { tar: tar([file('whole', 'x'.repeat(4000))]).subarray(0, 2048) }, /Unexpected EOF/],
  ['something that is no archive', { tar: Buffer.from('no archive at all '.repeat(100)) }, /does not look like a tar/],
  ['owners outside of the map', bad(file('rich', 'x', { uid: 70_000 })), /ownership/],
];

describe('a layer that means harm', () => {
  const world = `cksum /etc/passwd /etc/shadow; ls -A / /tmp /etc /root ${LAYOUT.root} ${LAYOUT.images} | cksum; find / -xdev -name '${OUTSIDE}'`;

  it.each(
    REFUSED.flatMap(([what, layer, why]) =>
      [
        ['rootfs', 'tar'],
        ['rootfs', 'blob'],
        ['privileged', 'tar'],
        ['privileged', 'blob'],
      ].flatMap(([variant, check]) => {
        // Nobody is mapped here; and what is known is not another tar.
        if (what.startsWith('owners') && variant === 'privileged') return [];
        if (layer.diffId !== undefined && check === 'blob') return [];
        return [[what, variant, check, layer, why] as const];
      }),
    ),
  )('is refused with %s (%s, by its %s), and nothing is written outside', async (_, variant, check, layer, why) => {
    const image = await madeImage(lab.store, 'bad:1', [{ ...layer, known: check === 'blob' }]);
    const before = await site.vm.ssh(world);
    const failure = await site
      .distribute(lab.store, image, { privileged: variant === 'privileged' })
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(StoreError);
    expect((failure as StoreError).message).toMatch(why);
    expect(await site.vm.ssh(world)).toBe(before);
    const left = (
      await site.vm.ssh(`ls -A ${LAYOUT.layers} ${LAYOUT.blobs}/sha256 | grep -e '^\\.' -e part || echo none`)
    ).trim();
    expect(left).toBe('none');
  });

  it.each(['rootfs', 'privileged'])('does not count when its unpacking is killed (%s)', async (variant) => {
    const image = await madeImage(lab.store, 'killed:1', [{ tar: tar([file(`killed-${variant}`)]) }]);
    const distribute = () => site.distribute(lab.store, image, { privileged: variant === 'privileged' });
    await site.vm.ssh(`printf '#!/bin/sh\nkill -9 $$\n' >/usr/local/bin/tar && chmod 755 /usr/local/bin/tar`);
    const failure = await distribute().catch((error: unknown) => error);
    await site.vm.ssh('rm /usr/local/bin/tar');
    expect(failure).toBeInstanceOf(RemoteCommandError);
    expect((failure as RemoteCommandError).message).toContain('was ended');
    await distribute();
    expect(await site.vm.ssh(`cat ${imageFolder(image)}/${variant}/killed-${variant}`)).toBe(`killed-${variant}`);
  });

  it('does no harm with absolute names, duplicates and overlay’s own attributes', async () => {
    const image = await madeImage(lab.store, 'odd:1', [
      {
        tar: tar([
          ...[
            file('/tmp/absolute'),
            file('twice', 'first'),
            file('twice', 'second'),
            folder('twice-folder/'),
            folder('twice-folder/'),
          ],
          file('redirected', 'x', { pax: { 'SCHILY.xattr.trusted.overlay.redirect': '/etc' } }),
          ...[mark('.wh.'), mark('.wh..'), mark('ok/.wh...'), mark('.wh..wh.aufs')],
        ]),
      },
    ]);
    const before = await site.vm.ssh(world);
    for (const privileged of [false, true]) await site.distribute(lab.store, image, { privileged });
    for (const variant of ['rootfs', 'privileged']) {
      const root = `${imageFolder(image)}/${variant}`;
      expect(await site.vm.ssh(`cd ${root} && cat twice tmp/absolute && ls -A ok`)).toBe('second/tmp/absolute');
      expect(
        await site.vm.ssh(`getfattr -m - -d --absolute-names ${LAYOUT.layers}/*/${variant}/redirected 2>&1`),
      ).not.toContain('redirect=');
    }
    expect((await site.vm.ssh(world)).split('\n').slice(0, 2)).toEqual(before.split('\n').slice(0, 2));
  });
});
