import { chmod, cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { importImage } from '../../../src/store/import.ts';
import { run, storeLab, type StoreLab } from './lab.ts';
import { preparedVm, type PreparedVm } from './site.ts';

let lab: StoreLab;
let site: PreparedVm;
beforeAll(async () => {
  [lab, site] = await Promise.all([storeLab(), preparedVm()]);
});
afterAll(async () => {
  await lab[Symbol.asyncDispose]();
  await site[Symbol.asyncDispose]();
});

/** Says who and where it is on its page, and which signal ends it. */
const PROGRAM = `#!/bin/sh
{ id -u; id -g; id -G; pwd; echo "$GREETING"; echo "$HOME"; echo "$*"; ls -ld /data; } >/tmp/index.html
trap 'echo ended by USR1; kill $server; exit 0' USR1
trap 'echo ended by TERM; kill $server; exit 0' TERM
httpd -f -p 8080 -h /tmp &
server=$!
wait $server
`;

/** An image by umoci alone: two layers, and all that a configuration can say. */
async function umociImage(): Promise<string> {
  const root = join(lab.directory, 'root');
  for (const folder of ['bin', 'etc', 'tmp', 'usr/bin']) await mkdir(join(root, folder), { recursive: true });
  await chmod(join(root, 'tmp'), 0o1777);
  await cp('/bin/busybox', join(root, 'bin/busybox'));
  await run('chroot', [root, '/bin/busybox', '--install', '-s', '/bin']);
  await writeFile(join(root, 'etc/passwd'), 'root:x:0:0::/root:/bin/sh\nweb:x:1234:2345::/home/web:/bin/sh\n');
  await writeFile(join(root, 'etc/group'), 'root:x:0:\nweb:x:2345:\n');
  const program = join(lab.directory, 'program');
  await writeFile(program, PROGRAM, { mode: 0o755 });
  const layout = join(lab.directory, 'layout');
  await run('umoci', ['init', '--layout', layout]);
  await run('umoci', ['new', '--image', `${layout}:made`]);
  await run('umoci', ['insert', '--image', `${layout}:made`, root, '/']);
  // Without the folder above it, which the layer below describes.
  await run('umoci', ['insert', '--image', `${layout}:made`, program, '/tmp/program']);
  await run('umoci', [
    ...['config', '--image', `${layout}:made`, '--config.user', 'web', '--config.workingdir', '/srv/made/for it'],
    ...['--config.env', 'GREETING=hello there', '--config.entrypoint', '/tmp/program', '--config.cmd', 'one two'],
    ...[
      '--config.cmd',
      'three',
      '--config.exposedports',
      '8080/tcp',
      '--config.volume',
      '/data',
      '--config.stopsignal',
      'SIGUSR1',
    ],
  ]);
  return layout;
}

describe('an image of another tool', () => {
  it('runs as its configuration says, from an OCI archive and from a Docker archive', async () => {
    const layout = await umociImage();
    for (const kind of ['oci-archive', 'docker-archive']) {
      const archive = join(lab.directory, `${kind}.tar`);
      await run('skopeo', ['--insecure-policy', 'copy', '-q', `oci:${layout}:made`, `${kind}:${archive}:made:1`]);
      const image = await importImage(archive, { store: lab.store, reference: `${kind}:1`, cache: lab.cache });
      expect(image.run).toMatchObject({ stopSignal: 'SIGUSR1', volumes: ['/data'], ports: [8080], user: 'web' });
      await site.distribute(lab.store, image);
      const answer = await site.serve(image, 8080);
      const lines = answer.body.split('\n');
      expect(lines.slice(0, 3)).toEqual(['1234', '2345', '2345']);
      expect(lines.slice(3, 7)).toEqual(['/srv/made/for it', 'hello there', '/home/web', 'one two three']);
      expect(lines[7]).toMatch(/^drwxr-xr-x .* root +root /);
      expect(answer.ended).toContain('ended by USR1');
      expect(answer.stopMs).toBeLessThan(5000);
    }
  }, 120_000);

  it('runs where it is one static program, without a shell or anything else', async () => {
    const root = join(lab.directory, 'one');
    await mkdir(join(root, 'www'), { recursive: true });
    await cp('/bin/busybox', join(root, 'busybox'));
    await writeFile(join(root, 'www/index.html'), 'of one program\n');
    await mkdir(join(root, 'etc'));
    await writeFile(join(root, 'etc/passwd'), 'web:x:1234:2345::/home/web:/bin/sh\n');
    // One of them is beyond what a process may have.
    await writeFile(join(root, 'etc/group'), 'staff:x:50:web\nfar:x:70000:web\n');
    const layout = join(lab.directory, 'one-layout');
    await run('umoci', ['init', '--layout', layout]);
    await run('umoci', ['new', '--image', `${layout}:one`]);
    await run('umoci', ['insert', '--image', `${layout}:one`, root, '/']);
    const entry = ['/busybox', 'httpd', '-f', '-p', '8080', '-h', '/www'];
    await run('umoci', [
      ...['config', '--image', `${layout}:one`, '--config.user', '1234', '--config.stopsignal', 'SIGKILL'],
      ...entry.flatMap((word) => ['--config.entrypoint', word]),
    ]);
    const archive = join(lab.directory, 'one.tar');
    await run('skopeo', ['--insecure-policy', 'copy', '-q', `oci:${layout}:one`, `oci-archive:${archive}:one:1`]);
    const image = await importImage(archive, { store: lab.store, reference: 'one:1', cache: lab.cache });
    await site.distribute(lab.store, image);
    const answer = await site.serve(image, 8080, async ({ name }) => {
      const line = `/var/lib/stratos/bin/process-exec ${name} /bin/sh -c 'echo "$0 of $container"'`;
      expect(await site.vm.ssh(line)).toBe('/.stratos/sh of lxc\n');
      const started = `tr '\\n\\t' '  ' </proc/$(lxc-info -P /var/lib/stratos/processes -n ${name} -pH)/status`;
      expect(await site.vm.ssh(started)).toContain(' Groups: 100050 ');
      expect(await site.vm.ssh(`/var/lib/stratos/bin/process-exec ${name} /busybox id -G`)).toBe('2345 50\n');
    });
    expect(answer.body).toBe('of one program\n');
  });
});
