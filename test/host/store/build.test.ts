import { spawn } from 'node:child_process';
import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { build as bundle } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { millis } from '../../../src/model/quantity.ts';
import { InterruptedError, InvalidSpecError, NotFoundError, StoreError } from '../../../src/model/errors.ts';
import { localBuilder } from '../../../src/store/build/local-builder.ts';
import { pruneBuilds } from '../../../src/store/build/prune-builds.ts';
import { FIXTURES, layerNames, run, storeLab } from './lab.ts';
import type { StoreLab } from './lab.ts';

let lab: StoreLab;
beforeAll(async () => {
  lab = await storeLab();
  await lab.build(join(FIXTURES, 'static'));
});
afterAll(() => lab[Symbol.asyncDispose]());

/** What is said before a shell is opened. */
const SHELL = 'exit to end the build';
const STRATOS = join(import.meta.dirname, '../../../bin/stratos');
const ON_STATIC = 'version: 1\nfrom: { cartridge: "static:1" }\n';

describe('buildCartridge', () => {
  it('builds the static cartridge into an image that skopeo and umoci read', async () => {
    const image = await lab.store.find('static:1');
    expect(image?.run.argv).toEqual(['/usr/local/bin/serve']);
    expect(image?.run.ports).toEqual([80]);
    expect(image?.layers.every((layer) => layer.mediaType.endsWith('+zstd'))).toBe(true);
    expect(image?.layers.reduce((sum, layer) => sum + layer.size, 0)).toBeLessThan(4 * 2 ** 20);
    const { stdout } = await run('skopeo', ['inspect', `oci:${lab.store.directory}:static:1`]);
    expect(JSON.parse(stdout)).toMatchObject({
      Digest: image?.digest,
      Layers: image?.layers.map((layer) => layer.digest),
    });
    const raw = await run('umoci', ['stat', '--image', `${lab.store.directory}:static:1`, '--json']);
    expect(JSON.parse(raw.stdout)).toHaveProperty('history');
  });

  it('answers with the same image, without building, when nothing changed', async () => {
    const again = await lab.build(join(FIXTURES, 'static'));
    expect(again.cached).toBe(true);
    expect(again.ms).toBeLessThan(1000);
    expect(again.image.digest).toBe((await lab.store.find('static:1'))?.digest);
  });

  it('renews the age of what it takes over, so that pruning by age leaves what is in daily use', async () => {
    const kept = '"$1"/bases/* "$1"/layers/* "$1"/roots/*';
    await run('sh', ['-c', `for f in ${kept}; do [ ! -d "$f" ] || touch -d "2 days ago" "$f"; done`, 'sh', lab.cache]);
    const look = () => pruneBuilds(localBuilder(lab.cache), { unused: millis(86_400_000), dryRun: true });
    expect((await look()).count).toBeGreaterThan(0);
    expect((await lab.build(join(FIXTURES, 'static'))).cached).toBe(true);
    expect((await look()).count).toBe(0);
  });

  it('makes the same image again when it has to build again', async () => {
    const first = await lab.store.find('static:1');
    const again = await lab.build(join(FIXTURES, 'static'), { noCache: true });
    expect(again.cached).toBe(false);
    expect(again.image.digest).toBe(first?.digest);
  });

  it('builds again when a file of the cartridge changes, and not when only its time does', async () => {
    const yaml = `name: page\n${ON_STATIC}copy: [{ from: page, to: /www/page }]\n`;
    const home = await lab.cartridge('page', yaml, { page: 'one' });
    const first = await lab.build(home);
    await run('touch', ['-d', '2001-01-01', join(home, 'page')]);
    expect((await lab.build(home)).cached).toBe(true);
    await writeFile(join(home, 'page'), 'two');
    const second = await lab.build(home);
    expect(second.cached).toBe(false);
    expect(second.image.digest).not.toBe(first.image.digest);
  });

  it('runs only the steps after the first that changed, each a layer with its line in the history', async () => {
    const yaml = (last: string): string =>
      [
        `name: steps\n${ON_STATIC}copy: [{ from: a, to: /a }, { from: b, to: /b }]`,
        `run: ["cat /a /b > /c; date +%N > /first", "test -s /first; echo ${last} > /last"]\n`,
      ].join('\n');
    const home = await lab.cartridge('steps', yaml('one'), { a: 'a', b: 'b' });
    const reports = async (): Promise<readonly string[]> => {
      const done: string[] = [];
      await lab.build(home, {
        onStep: ({ title, ms, cached }) => {
          if (ms !== undefined) done.push(`${title.split(' ', 2).join(' ')}${cached === true ? ' cached' : ''}`);
        },
      });
      return done;
    };
    const all = ['cartridge static:1 cached', 'copy a', 'copy b', 'run cat', 'run test'];
    expect(await reports()).toEqual(all);
    const first = await lab.store.find('steps:1');
    expect(await reports()).toEqual(all.map((line) => `${line.replace(' cached', '')} cached`));
    await writeFile(join(home, 'cartridge.yaml'), yaml('two'));
    expect(await reports()).toEqual([
      ...all.slice(0, 4).map((line) => `${line.replace(' cached', '')} cached`),
      'run test',
    ]);
    const second = await lab.store.find('steps:1');
    if (!first || !second) throw new Error('not built');
    // The third step takes another time each time it is run: it was not run again.
    expect(second.layers.slice(0, -1)).toEqual(first.layers.slice(0, -1));
    expect(second.layers.at(-1)?.digest).not.toBe(first.layers.at(-1)?.digest);
    await writeFile(join(home, 'b'), 'B');
    expect(await reports()).toEqual([
      ...all.slice(0, 2).map((line) => `${line.replace(' cached', '')} cached`),
      ...all.slice(2),
    ]);
    const { history = [] } = await lab.store.config(second);
    expect(history).toHaveLength(second.layers.length);
    expect(history.slice(-4).map((entry) => entry.created_by)).toEqual([
      'copy a to /a',
      'copy b to /b',
      'run cat /a /b > /c; date +%N > /first',
      'run test -s /first; echo two > /last',
    ]);
  });

  it('honours SOURCE_DATE_EPOCH in the image and in its files', async () => {
    const home = await lab.cartridge('dated', `name: dated\n${ON_STATIC}run: ["echo 1 > /dated"]\n`);
    const { image } = await lab.build(home, { env: { ...process.env, SOURCE_DATE_EPOCH: '1000000000' } });
    expect(image.created).toBe('2001-09-09T01:46:40.000Z');
    const { stdout } = await run('sh', [
      '-c',
      'zstd -dcq "$1" | TZ=UTC tar -tvf - ./dated',
      'sh',
      lab.store.blobPath(image.layers.at(-1)?.digest ?? ''),
    ]);
    expect(stdout).toContain('2001-09-09 01:46');
    await expect(lab.build(home, { env: { SOURCE_DATE_EPOCH: 'now' } })).rejects.toThrow(/SOURCE_DATE_EPOCH/);
  });

  it('puts names, owners and modes of copies where links of the image lead, and never out of it', async () => {
    const below = [
      `name: links\n${ON_STATIC}run:`,
      '  - mkdir -p /real/deep && ln -s /real /absolute && ln -s real/deep /relative && ln -s ../../../../real /up',
      '  - ln -s loop /loop',
      '  - echo "web:x:33:44::/:/bin/sh" >> /etc/passwd; echo "adm:x:4:" >> /etc/group',
      '',
    ];
    await lab.build(await lab.cartridge('links', below.join('\n')));
    const yaml = [
      'name: through',
      'version: 1',
      'from: { cartridge: "links:1" }',
      'files:',
      '  - { from: file, to: /absolute/, owner: web }',
      '  - { from: file, to: /relative/renamed, owner: "5:adm", mode: 4750 }',
      '  - { from: tree, to: /up/tree, owner: web:adm }',
      '  - { from: tree, to: / }',
      '',
    ];
    const files = { file: 'x', 'tree/absolute/in': '1', 'tree/new dir/$(x)': '2', "tree/it's": '3' };
    const { image } = await lab.build(await lab.cartridge('through', yaml.join('\n'), files));
    const shown = image.layers.slice(-4).map(async ({ digest }) => {
      const list = 'zstd -dcq "$1" | tar --numeric-owner -tvf -';
      const { stdout } = await run('sh', ['-c', list, 'sh', lab.store.blobPath(digest)]);
      const words = stdout.split('\n').map((line) => line.split(/ +/));
      return words
        .filter((word) => word[5] !== undefined)
        .map((word) => `${word[0] ?? ''} ${word[1] ?? ''} ${word.slice(5).join(' ')}`);
    });
    const [first, second, third, fourth] = await Promise.all(shown);
    expect(first).toContain('-rw-r--r-- 33/44 ./real/file');
    expect(second).toContain('-rwsr-x--- 5/4 ./real/deep/renamed');
    expect(third).toEqual([
      'drwxr-xr-x 0/0 ./',
      'drwxr-xr-x 0/0 ./real/',
      'drwxr-xr-x 33/4 ./real/tree/',
      'drwxr-xr-x 33/4 ./real/tree/absolute/',
      '-rw-r--r-- 33/4 ./real/tree/absolute/in',
      "-rw-r--r-- 33/4 ./real/tree/it's",
      'drwxr-xr-x 33/4 ./real/tree/new dir/',
      '-rw-r--r-- 33/4 ./real/tree/new dir/$(x)',
    ]);
    expect(fourth).toContain('-rw-r--r-- 0/0 ./real/in');
    const loop = 'name: loop\nversion: 1\nfrom: { cartridge: "links:1" }\ncopy: [{ from: f, to: /loop/f }]\n';
    await expect(lab.build(await lab.cartridge('loop', loop, { f: '' }))).rejects.toThrow(/make a loop/);
    const nobody =
      'name: nobody\nversion: 1\nfrom: { cartridge: "links:1" }\ncopy: [{ from: f, to: /f, owner: bob }]\n';
    await expect(lab.build(await lab.cartridge('nobody', nobody, { f: '' }))).rejects.toThrow(/no such user: bob/);
  });

  it('lets somebody look into the container of a command that failed', async () => {
    const yaml = `name: look\n${ON_STATIC}run: ["echo here > /trace; exit 9"]\n`;
    let seen: number | undefined;
    const onFailure = async (): Promise<void> => {
      const found = 'for m in /proc/[0-9]*/root/trace; do [ ! -e "$m" ] || echo "$m"; done';
      const { stdout } = await run('sh', ['-c', found]);
      seen = stdout.split('\n').filter((line) => line !== '').length;
    };
    await expect(lab.build(await lab.cartridge('look', yaml), { onFailure })).rejects.toThrow(/status 9/);
    expect(seen).toBeGreaterThan(0);
    expect(await readdir(join(lab.cache, 'work'))).toEqual([]);
  });

  it('opens a shell there, with --debug on a terminal', async () => {
    const home = await lab.cartridge('seen', `name: seen\n${ON_STATIC}run: ["echo left behind > /trace; exit 9"]\n`);
    const project = await lab.cartridge('project', '');
    const spec = `apiVersion: stratos/v1\nstore: { path: ${JSON.stringify(lab.store.directory)} }\n`;
    await writeFile(join(project, 'stratos.yaml'), spec);
    const line = `${STRATOS} --dir ${project} --debug cartridge build ${home}`;
    const terminal = spawn('script', ['-qec', line, '/dev/null'], { stdio: ['pipe', 'pipe', 'ignore'] });
    const typed = ['cat /trace\n', 'echo $((6 * 7))\n', 'exit\n'];
    let [said, done] = ['', 0];
    for await (const chunk of terminal.stdout) {
      said += String(chunk);
      // A prompt for each.
      if (said.split('/ # ').length > done + 1) terminal.stdin.write(typed[done++] ?? '');
    }
    expect(said.slice(said.indexOf(SHELL))).toMatch(/\nleft behind\r[^]*\n42\r[^]*status 9/);
  });

  it('turns what a build removed and replaced into whiteouts that unpack to the same tree', async () => {
    const yaml = [
      'name: changed',
      'version: 1',
      'from: { cartridge: "layered:1" }',
      'run:',
      '  - rm /data/gone && rm -r /data/tree && mkdir /data/tree && echo new > /data/tree/new',
      '  - rm -r /data/was-folder && echo file > /data/was-folder',
      '  - rm /data/was-file && mkdir /data/was-file && echo in > /data/was-file/in',
      '  - ln /data/kept /data/link && chmod 4755 /data/kept && ln -s /etc /data/symlink',
      '  - chown 33:44 /data/owned && touch "/data/name with spaces" && touch -d 2031-01-01 /data/future',
      '',
    ].join('\n');
    const files = Object.fromEntries(
      ['gone', 'kept', 'owned', 'was-file', 'tree/old', 'tree/deep/er', 'was-folder/x'].map((name) => [
        `data/${name}`,
        name,
      ]),
    );
    await lab.build(
      await lab.cartridge('layered', `name: layered\n${ON_STATIC}copy: [{ from: data, to: /data }]\n`, files),
    );
    const { image } = await lab.build(await lab.cartridge('changed', yaml));
    const above = image.layers.slice(-5).map((layer) => layerNames(lab.store, layer.digest));
    const names = (await Promise.all(above)).flat();
    expect(names).toContain('./data/.wh.gone');
    expect(names).toContain('./data/tree/.wh.old');
    expect(names).toContain('./data/tree/.wh.deep');
    expect(names).toContain('./data/.wh.was-folder');
    expect(names.filter((name) => !name.includes('/data/') && !name.endsWith('/'))).toEqual([]);

    // umoci of Debian 12 does not know zstd: skopeo, which does, compresses the layers for it anew.
    const [unpacked, plain] = [join(lab.directory, 'unpacked'), join(lab.directory, 'plain')];
    const compress = ['--insecure-policy', 'copy', '-q', '--dest-decompress'];
    await run('skopeo', [...compress, `oci:${lab.store.directory}:changed:1`, `dir:${plain}`]);
    await run('skopeo', ['--insecure-policy', 'copy', '-q', '--dest-compress', `dir:${plain}`, `oci:${plain}-oci:one`]);
    await run('umoci', ['unpack', '--image', `${plain}-oci:one`, unpacked]);
    const data = join(unpacked, 'rootfs/data');
    expect((await readdir(data)).sort()).toEqual(
      ['future', 'kept', 'link', 'name with spaces', 'owned', 'symlink', 'tree', 'was-file', 'was-folder'].sort(),
    );
    expect(await readdir(join(data, 'tree'))).toEqual(['new']);
    const [kept, link, owned, future] = await Promise.all(
      ['kept', 'link', 'owned', 'future'].map((name) => stat(join(data, name))),
    );
    expect(kept?.mode.toString(8)).toBe('104755');
    expect(link?.ino).toBe(kept?.ino);
    expect([owned?.uid, owned?.gid]).toEqual([33, 44]);
    expect(future?.mtimeMs).toBeLessThan(Date.now());
  });

  it('leaves nothing of the machine in the image', async () => {
    const yaml = `name: traces\n${ON_STATIC}run: ["test -s /etc/resolv.conf && test -e /run/stratos-build/apt.conf && echo x > /tmp/x"]\n`;
    const { image } = await lab.build(await lab.cartridge('traces', yaml));
    const names = await layerNames(lab.store, image.layers.at(-1)?.digest ?? '');
    expect(names.filter((name) => !name.endsWith('/'))).toEqual([]);
  });

  it('shows the last lines of a command that fails, and leaves nothing behind', async () => {
    const yaml = `name: broken\n${ON_STATIC}run: ["echo something went wrong >&2; exit 7"]\n`;
    const failure = await lab.build(await lab.cartridge('broken', yaml)).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(StoreError);
    expect((failure as StoreError).message).toContain('something went wrong');
    expect((failure as StoreError).message).toContain('status 7');
    expect(await lab.store.find('broken:1')).toBeUndefined();
    expect(await readdir(join(lab.cache, 'work'))).toEqual([]);
  });

  it('runs commands unprivileged: the machine is out of reach', async () => {
    const canary = join(lab.directory, 'canary');
    const yaml = `name: escape\n${ON_STATIC}run: ["mknod /x b 8 0 2>/dev/null && exit 1; mount -t tmpfs x /sys 2>/dev/null && rm -rf /sys/*; test ! -e ${canary}; ! hostname evil 2>/dev/null || true"]\n`;
    await writeFile(canary, '');
    const before = (await run('hostname')).stdout;
    await lab.build(await lab.cartridge('escape', yaml));
    expect((await run('hostname')).stdout).toBe(before);
    await stat(canary);
  });

  it('never follows a link of the image to the machine when it copies files', async () => {
    const target = join(lab.directory, 'outside');
    await mkdir(target);
    const trap = `name: trap\n${ON_STATIC}run: ["ln -s ${target} /way-out"]\n`;
    await lab.build(await lab.cartridge('trap', trap));
    const yaml = 'name: victim\nversion: 1\nfrom: { cartridge: "trap:1" }\ncopy: [{ from: evil, to: /way-out/evil }]\n';
    await lab.build(await lab.cartridge('victim', yaml, { evil: 'x' }));
    expect(await readdir(target)).toEqual([]);
  });

  it('stops when it is interrupted, and leaves nothing behind', async () => {
    const abort = new AbortController();
    const yaml = `name: long\n${ON_STATIC}run: ["echo started; sleep 60"]\n`;
    const home = await lab.cartridge('long', yaml);
    const onOutput = (line: string): void => {
      if (line === 'started') abort.abort();
    };
    await expect(lab.build(home, { signal: abort.signal, onOutput })).rejects.toThrow(InterruptedError);
    expect(await readdir(join(lab.cache, 'work'))).toEqual([]);
    const { stdout } = await run('sh', ['-c', 'cat /proc/*/cmdline 2>/dev/null | tr "\\0" " "']);
    expect(stdout).not.toContain(`${lab.cache}/work`);
  });

  it('dies whole when it is killed, and the next build sweeps its folder', async () => {
    const home = await lab.cartridge('killed', `name: killed\n${ON_STATIC}run: ["echo started; sleep 600"]\n`);
    const program = join(lab.directory, 'build.mjs');
    const source = `import { buildCartridge } from ${JSON.stringify(join(import.meta.dirname, '../../../src/store/build/build-cartridge.ts'))};
      import { localBuilder } from ${JSON.stringify(join(import.meta.dirname, '../../../src/store/build/local-builder.ts'))};
      import { directoryStore } from ${JSON.stringify(join(import.meta.dirname, '../../../src/store/directory-store.ts'))};
      await buildCartridge(${JSON.stringify(home)}, { store: directoryStore(${JSON.stringify(lab.store.directory)}), builder: localBuilder(${JSON.stringify(lab.cache)}), cache: ${JSON.stringify(lab.cache)}, onOutput: console.log });`;
    const banner = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";
    await bundle({
      stdin: { contents: source, resolveDir: import.meta.dirname },
      ...{
        bundle: true,
        platform: 'node',
        format: 'esm',
        outfile: program,
        loader: { '.sh': 'text' },
        banner: { js: banner },
      },
    });
    const child = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit'] });
    await new Promise<void>((resolve, reject) => {
      child.on('exit', () => {
        reject(new Error('it ended by itself'));
      });
      child.stdout.on('data', (chunk: Buffer) => {
        if (chunk.toString().includes('started')) resolve();
      });
    });
    child.kill('SIGKILL');
    await sleep(300);
    const processes = await run('sh', ['-c', 'cat /proc/*/cmdline 2>/dev/null | tr "\\0" " "']);
    expect(processes.stdout).not.toContain(`${lab.cache}/work`);
    const [left] = await readdir(join(lab.cache, 'work'));
    expect(left).toBeDefined();
    await lab.build(join(FIXTURES, 'static'));
    expect(await readdir(join(lab.cache, 'work'))).toEqual([]);
    const cgroups = await run('sh', ['-c', 'find /sys/fs/cgroup -maxdepth 2 -name "lxc.*$1"', 'sh', left ?? '']);
    expect(cgroups.stdout).toBe('');
  });

  it('refuses what is not there or wrong before anything is made', async () => {
    const missing = await lab.cartridge('missing', `name: missing\n${ON_STATIC}copy: [{ from: nothing, to: /x }]\n`);
    await expect(lab.build(missing)).rejects.toThrow(NotFoundError);
    const base = await lab.cartridge('base', 'name: a\nfrom: { cartridge: "no/such:1" }\n');
    await expect(lab.build(base)).rejects.toThrow(NotFoundError);
    const typo = await lab.cartridge('typo', `name: typo\n${ON_STATIC}entripoint: [x]\n`);
    await expect(lab.build(typo)).rejects.toThrow(InvalidSpecError);
    await expect(lab.build(typo)).rejects.toThrow(/cartridge\.yaml:4:1[\s\S]*did you mean entrypoint/);
    const link = await lab.cartridge('leak', `name: leak\n${ON_STATIC}copy: [{ from: way, to: /x }]\n`);
    await run('ln', ['-s', '/etc/passwd', join(link, 'way')]);
    await expect(lab.build(link)).rejects.toThrow(StoreError);
  });

  it('builds two cartridges at the same time', async () => {
    const homes = await Promise.all(
      ['left', 'right'].map((name) =>
        lab.cartridge(name, `name: ${name}\n${ON_STATIC}run: ["echo ${name} > /${name}"]\n`),
      ),
    );
    const results = await Promise.all(homes.map((home) => lab.build(home)));
    expect(results.map((result) => result.reference)).toEqual(['left:1', 'right:1']);
  });

  it('brings back what the store lost from earlier builds, and builds it again where they are gone too', async () => {
    const result = await lab.build(await lab.cartridge('lost', `name: lost\n${ON_STATIC}run: ["echo 1 > /one"]\n`));
    await rm(lab.store.blobPath(result.image.layers.at(-1)?.digest ?? ''));
    const again = await lab.build(join(lab.directory, 'lost'));
    expect(again.cached).toBe(true);
    await lab.store.verify(again.image);
    await rm(lab.store.blobPath(result.image.layers.at(-1)?.digest ?? ''));
    await rm(join(lab.cache, 'layers'), { recursive: true });
    const made = await lab.build(join(lab.directory, 'lost'));
    expect(made.cached).toBe(false);
    await lab.store.verify(made.image);
    expect(made.image.digest).toBe(result.image.digest);
  });

  it('makes the same image on another day, where nobody knows the one before', async () => {
    const yaml = `name: same\n${ON_STATIC}run: ["echo 1 > /one; mkdir /two"]\n`;
    const home = await lab.cartridge('same', yaml);
    const first = await lab.build(home);
    await lab.store.remove('same:1');
    await sleep(1100);
    const second = await lab.build(home, { noCache: true });
    expect(second.image.layers.at(-1)?.digest).toBe(first.image.layers.at(-1)?.digest);
    expect(second.image.digest).toBe(first.image.digest);
  });
});
