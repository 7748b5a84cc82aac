/** Faults of VMs, disks, connections and neighbours: said plainly, nothing lost, doubled or orphaned, and over when the cause is. */
import { execFile } from 'node:child_process';
import { copyFile, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { rootLayout, vmLayout } from '../../src/iaas/local/layout.ts';
import {
  containerOf,
  eventsOf,
  expectConverged,
  expectNoRemoteWork,
  inventoryText,
  inVm,
  plannedKinds,
  readPlan,
  reboot,
  remoteWork,
  until,
} from '../support/fleet.ts';
import { STATIC_CARTRIDGE, staticSpec, testProject, type TestProject } from '../support/project.ts';

const run = promisify(execFile);

const SPEC = `${staticSpec({ vms: [2, 3], processesPerVm: 4, cpu: 4, cartridge: 'env: { GENERATION: one }' })}  slow:
    image: static:1
    partition: web
    ports: { http: 80 }
    health: { path: / }
    resources: { memory: 32Mi, cpu: 0.1 }
    command: [sh, -c, 'sleep 4; exec /usr/local/bin/serve']
  kept:
    image: static:1
    partition: web
    ports: { http: 80 }
    resources: { memory: 32Mi, cpu: 0.1 }
    volumes: { data: /data }
    env: { GENERATION: first }
`;

let project: TestProject;
beforeAll(async () => {
  project = await testProject(SPEC);
  await project.must('cartridge', 'build', STATIC_CARTRIDGE, '--tag', 'static:1');
  await subscribe('shop', 'static', 8080, 2);
  await project.must('reconcile');
}, 300_000);
afterAll(() => project.dispose());

async function subscribe(alias: string, cartridge: string, port: number, count: number): Promise<void> {
  const bounds = ['--min', String(count), '--max', String(count)];
  await project.must('subscribe', alias, '--cartridge', cartridge, '--port', String(port), ...bounds, '--spread');
}

async function scale(alias: string, count: number): Promise<void> {
  await project.must('scale', alias, '--min', String(count), '--max', String(count));
}

async function namesOn(vm: string): Promise<readonly string[]> {
  const { subscriptions } = await project.status();
  return subscriptions.flatMap(({ processes }) => processes.filter((one) => one.vm === vm).map(({ name }) => name));
}

/** Makes a fault on a VM, looks at what a reconcile says, mends it, and expects the fleet as specified again. */
async function duringFault(
  fault: string,
  mend: string,
  look: (said: string, code: number | null) => Promise<void> | void,
): Promise<void> {
  const before = await inventoryText(project);
  await inVm(project, 'web-2', fault);
  try {
    // Something to do on the other VM, which must be done all the same.
    const [victim = ''] = await namesOn('web-1');
    await inVm(
      project,
      'web-1',
      `systemctl stop stratos-process@${victim}; rm -r /var/lib/stratos/processes/${victim}`,
    );
    const result = await project.stratos('reconcile');
    await look(result.stdout + result.stderr, result.code);
    expect((await inVm(project, 'web-1', 'ls /var/lib/stratos/processes')).trim()).toBe(victim);
    const { subscriptions } = await project.status();
    expect(subscriptions.map(({ total }) => total)).toEqual([2]);
    expect(hostKeys(await inventoryText(project))).toEqual(hostKeys(before));
  } finally {
    await inVm(project, 'web-2', mend);
  }
  await project.must('reconcile');
  await expectConverged(project);
}

const hostKeys = (text: string) => text.match(/ssh-ed25519 \S+/g);

describe('a VM that cannot be reached', () => {
  test('is named, the others are served, and nothing is doubled: no answer', () =>
    duringFault(
      "nft 'add table inet cut; add chain inet cut in { type filter hook input priority -200; }; add rule inet cut in tcp dport 22 drop'",
      'nft delete table inet cut',
      async (said, code) => {
        expect(code).toBe(5);
        expect(said).toMatch(/Cannot reach web-2 \(.*as it did not answer within 10 s/);
        expect(said).toContain('web-2 held: nothing is done on it');
        expect(said).not.toContain('as specified');
        expect((await project.stratos('status', '--refresh')).stdout).toMatch(/web-2 .*unreachable/);
      },
    ));

  test('is named, the others are served, and nothing is doubled: nothing listens', () =>
    duringFault('systemctl stop ssh.socket 2>/dev/null; systemctl stop ssh', 'systemctl start ssh', (said, code) => {
      expect(code).toBe(5);
      expect(said).toMatch(/Cannot reach web-2 \(.*as nothing listens on port 22: ECONNREFUSED/);
    }));

  test('is not trusted when it has another host key, and both fingerprints are told', () =>
    duringFault(
      'cd /etc/ssh && mkdir -p /root/kept && cp -p ssh_host_* /root/kept/ && rm ssh_host_* && ssh-keygen -q -A && systemctl restart ssh',
      'rm /etc/ssh/ssh_host_* && mv /root/kept/* /etc/ssh/ && systemctl restart ssh',
      (said, code) => {
        expect(code).toBe(5);
        const prints = /presents ssh-ed25519 (SHA256:\S+), pinned is ssh-ed25519 (SHA256:[^\s;]+)/.exec(said);
        expect(prints).not.toBeNull();
        expect(prints?.[1]).not.toBe(prints?.[2]);
      },
    ));

  test('says which key it refuses', () =>
    duringFault(
      'mv /root/.ssh/authorized_keys /root/.ssh/kept',
      'mv /root/.ssh/kept /root/.ssh/authorized_keys',
      (said, code) => {
        expect(code).toBe(5);
        expect(said).toMatch(/Cannot reach web-2 \(.*as it does not let root in: .*key \S+ is refused/);
      },
    ));
});

describe('a connection that is cut in mid-batch', () => {
  test('is told with the step it was in, and the next run completes what was begun', async () => {
    await subscribe('late', 'slow', 8081, 1);
    const running = project.start('reconcile', '--events', 'json');
    const vm = await until('process.create starts', () =>
      eventsOf(running).find((event) => event.type === 'action.started' && event.action.kind === 'process.create'),
    ).then((event) => ('action' in event ? event.action.vm : ''));
    await until(
      'the container runs',
      async () =>
        (await inVm(
          project,
          vm,
          'ls -d /sys/fs/cgroup/*/lxc.payload.late-1 /sys/fs/cgroup/lxc.payload.late-1 2>/dev/null || :',
        )) !== '',
    );
    expect(await remoteWork(project, vm)).not.toEqual([]);
    await inVm(project, vm, "pkill -KILL -f '^sshd: root@notty'");
    const result = await running.result;
    expect([1, 5]).toContain(result.code);
    expect(result.stdout).toMatch(
      /Cannot finish the work on web-\d \(.*as the connection was lost while ".*" was running/,
    );
    await expectNoRemoteWork(project, vm);
    await project.must('reconcile');
    await expectConverged(project);
    await project.must('unsubscribe', 'late');
    await project.must('reconcile');
    await expectConverged(project);
  });
});

describe('two runs at once', () => {
  test('one works, one ends with 4 and names it, one waits', async () => {
    await scale('shop', 3);
    const first = project.start('reconcile', '--events', 'json');
    await until('the first run works', () => eventsOf(first).some((event) => event.type === 'action.started'));
    const second = await project.stratos('reconcile');
    expect(second.code).toBe(4);
    expect(second.stderr).toMatch(
      new RegExp(`held: by \\S+ \\(pid ${String(first.child.pid)}\\) for "reconcile" since`),
    );
    expect(second.stderr).toMatch(
      /\n {4}stratos inventory unlock [0-9a-f]{8} {3}# only if that run is gone for good; --lock-timeout \d+m waits for it\n/,
    );
    const third = await project.must('reconcile', '--lock-timeout', '60s');
    expect(third.stderr).toContain('Waiting for the lock held by');
    expect(await first.result).toMatchObject({ code: 0 });
    await expectConverged(project);
    await scale('shop', 2);
    await project.must('reconcile');
    await expectConverged(project);
  });

  test('a lock of another machine holds until it is broken by its id', async () => {
    const holder = {
      id: 'c0ffee00',
      operation: 'reconcile',
      who: 'ana',
      host: 'elsewhere',
      pid: 1,
      version: '0.1.0',
      since: '2026-01-01T00:00:00Z',
    };
    await writeFile(path.join(project.directory, '.stratos/lock'), `${JSON.stringify(holder)}\n`);
    const held = await project.stratos('reconcile');
    expect(held.code).toBe(4);
    expect(held.stderr).toContain('by ana@elsewhere (pid 1) for "reconcile" since 2026-01-01T00:00:00Z');
    const wrong = await project.stratos('inventory', 'unlock', 'deadbeef');
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toContain('the lock that is held has the id c0ffee00');
    await project.must('inventory', 'unlock', 'c0ffee00');
    await project.must('reconcile');
  });
});

describe('a corrupt blob of the store', () => {
  test('is named with what to do, and the VM gets the image when it is mended', async () => {
    const blobs = path.join(project.directory, '.stratos/store/blobs/sha256');
    const sizes = await Promise.all(
      (await readdir(blobs)).map(async (name) => ({ name, size: (await stat(path.join(blobs, name))).size })),
    );
    const largest = sizes.sort((a, b) => b.size - a.size)[0]?.name ?? '';
    const file = path.join(blobs, largest);
    await copyFile(file, `${project.directory}/kept`);
    const content = await readFile(file);
    content[content.length >> 1] = (content[content.length >> 1] ?? 0) ^ 0xff;
    await writeFile(file, content);
    await scale('shop', 3);
    const result = await project.stratos('reconcile');
    await copyFile(`${project.directory}/kept`, file);
    expect([1, 5]).toContain(result.code);
    expect(result.stdout).toMatch(
      new RegExp(`to web-3 as a blob arrives damaged: sha256:${largest}\n {4}\\S.*${largest}`),
    );
    await project.must('reconcile');
    await expectConverged(project);
  });

  test('that is missing is named too', async () => {
    await inVm(
      project,
      'web-3',
      'systemctl stop "stratos-process@*"; umount /var/lib/stratos/images/*/rootfs; rm -rf /var/lib/stratos/processes/* /var/lib/stratos/images/* /var/lib/stratos/layers/* /var/lib/stratos/blobs/sha256/*',
    );
    const blobs = path.join(project.directory, '.stratos/store/blobs');
    const sizes = await Promise.all(
      (await readdir(`${blobs}/sha256`)).map(async (name) => ({
        name,
        size: (await stat(`${blobs}/sha256/${name}`)).size,
      })),
    );
    const largest = sizes.sort((a, b) => b.size - a.size)[0]?.name ?? '';
    await copyFile(`${blobs}/sha256/${largest}`, `${project.directory}/kept`);
    await rm(`${blobs}/sha256/${largest}`);
    const result = await project.stratos('reconcile');
    await copyFile(`${project.directory}/kept`, `${blobs}/sha256/${largest}`);
    expect([1, 5]).toContain(result.code);
    expect(result.stdout + result.stderr).toContain(largest);
    await project.must('reconcile');
    await expectConverged(project);
    await scale('shop', 2);
    await project.must('reconcile');
    await expectConverged(project);
  });
});

describe('a full disk on a VM', () => {
  test('is told with its numbers, the VM stays usable, and freed space is all it takes', async () => {
    const { id } = await containerOf(project, 'web-2');
    const { lineage } = await project.status();
    const provider = project.site.providerOf(lineage);
    const { data } = vmLayout(rootLayout(project.site.spec.root), id);
    const disk = path.join(project.site.directory, 'disk.img');
    await provider.stop(id);
    await run('truncate', ['-s', '160M', disk]);
    await run('mkfs.ext4', ['-q', '-F', disk]);
    const aside = `${data}.aside`;
    await run('sh', [
      '-c',
      'mkdir "$2" && mount -o loop "$3" "$2" && cp -a "$1/." "$2/" && umount "$2" && mount -o loop "$3" "$1"',
      'sh',
      data,
      aside,
      disk,
    ]);
    try {
      await provider.start(id);
      await project.must('reconcile');
      await expectConverged(project);

      // No room for an image.
      const there = await namesOn('web-2');
      await inVm(project, 'web-2', `systemctl stop ${there.map((name) => `stratos-process@${name}`).join(' ')}`);
      await inVm(
        project,
        'web-2',
        'cd /var/lib/stratos && umount images/*/rootfs && rm -rf processes/* images/* layers/* blobs/sha256/* && fallocate -l 110M ballast',
      );
      const image = await project.stratos('reconcile');
      expect([1, 5]).toContain(image.code);
      expect(image.stdout).toMatch(
        /Cannot bring sha256:\w+ to web-2 as its disk has no space left: [\d.]+Mi free, [\d.]+Mi needed/,
      );
      expect(image.stdout).toMatch(/\n {4}stratos vm ssh web-2 -- df -h/);
      await inVm(project, 'web-2', 'rm /var/lib/stratos/ballast');
      await project.must('reconcile');
      await expectConverged(project);

      // No room for a process, and for nothing else.
      await inVm(
        project,
        'web-2',
        'cd /var/lib/stratos && dd if=/dev/zero of=ballast bs=64k 2>/dev/null; dd if=/dev/zero of=ballast2 bs=1 2>/dev/null; sync; df -k . >&2',
      );
      await subscribe('more', 'static', 8082, 2);
      const full = await project.stratos('reconcile');
      expect([1, 5]).toContain(full.code);
      expect(full.stdout).toMatch(/Cannot start more-\d on web-2: no space left on the disk of the VM/);
      expect(await inVm(project, 'web-2', 'ls -A /var/lib/stratos/processes')).not.toContain('.making');
      expect((await project.status()).subscriptions.find(({ alias }) => alias === 'shop')?.ready).toBe(2);
      await inVm(project, 'web-2', 'rm /var/lib/stratos/ballast*');
      await project.must('reconcile');
      await expectConverged(project);
      await project.must('unsubscribe', 'more');
      await project.must('reconcile');
    } finally {
      await provider.stop(id);
      await run('umount', [data]);
      await run('rmdir', [aside]);
    }
    // What was on the disk before is there again; the next run takes it up as it is.
    await project.must('reconcile');
    await expectConverged(project);
  });
});

describe('a reboot', () => {
  test('brings processes, gateway and volumes back by itself', async () => {
    await subscribe('kept', 'kept', 8083, 1);
    await project.must('reconcile');
    const before = (await project.status()).subscriptions.find(({ alias }) => alias === 'kept')?.processes[0];
    const vm = before?.vm ?? '';
    await project.must('process', 'exec', before?.name ?? '', '--', 'sh', '-c', 'echo written > /data/file');
    const { serial, subscriptions, partitions } = await project.status();
    await reboot(project, vm);
    const address = partitions[0]?.vms.find((one) => one.name === vm)?.address ?? '';
    for (const { port } of subscriptions)
      await until(`${vm} answers on ${String(port)}`, async () =>
        fetch(`http://${address}:${String(port)}`).then(
          (response) => response.status === 200,
          () => false,
        ),
      );
    expect((await project.must('process', 'exec', before?.name ?? '', '--', 'cat', '/data/file')).stdout).toBe(
      'written\n',
    );
    expect(await plannedKinds(project)).toEqual([]);
    expect((await project.status()).serial).toBe(serial);
    await expectConverged(project);
  });

  test('and a rollout keep what is in volumes', async () => {
    await project.editSpec('GENERATION: first', 'GENERATION: second');
    await project.must('reconcile');
    const [after] = (await project.status()).subscriptions.find(({ alias }) => alias === 'kept')?.processes ?? [];
    const see = await project.must(
      'process',
      'exec',
      after?.name ?? '',
      '--',
      'sh',
      '-c',
      'cat /data/file; echo $GENERATION',
    );
    expect(see.stdout).toBe('written\nsecond\n');
    await expectConverged(project);
  });
});

describe('what is not ours', () => {
  test('is reported and left alone: containers on a VM, machines of the IaaS', async () => {
    const label = { lineage: '11111111-2222-3333-4444-555555555555', name: 'theirs-1' };
    await inVm(
      project,
      'web-1',
      `cd /var/lib/stratos/processes && mkdir theirs-1 && echo '${JSON.stringify(label)}' > theirs-1/label.json &&
       mkdir -p /var/lib/lxc/old-db && echo 'lxc.uts.name = old-db' > /var/lib/lxc/old-db/config`,
    );
    const other = project.site.providerOf(label.lineage);
    const stranger = await other.create(await project.site.request('web-9', { partition: 'web' }));

    const plan = await readPlan(project);
    expect(plan.stages).toEqual([]);
    const said = plan.notices.map(({ target, message }) => `${target}: ${message}`).join('\n');
    expect(said).toContain('theirs-1');
    expect(said).toContain('old-db');
    const result = await project.must('reconcile');
    expect(result.stdout).toContain('old-db');
    await project.must('unsubscribe', 'kept');
    await project.must('reconcile');
    expect(await inVm(project, 'web-1', 'ls /var/lib/stratos/processes')).toContain('theirs-1');
    expect(await inVm(project, 'web-1', 'cat /var/lib/lxc/old-db/config')).toBe('lxc.uts.name = old-db\n');
    expect((await other.list()).map(({ id, state }) => [id, state])).toEqual([[stranger.id, 'running']]);

    const { lineage } = await project.status();
    await project.must('destroy', '--yes');
    expect(await project.site.providerOf(lineage).list()).toEqual([]);
    expect((await other.list()).map(({ id, state }) => [id, state])).toEqual([[stranger.id, 'running']]);
  });
});
