/** A reconcile that ends in the middle, by kill or by hand, wherever it is: the next one finishes the job. */
import { randomBytes } from 'node:crypto';
import { cp, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  expectConverged,
  expectNoRemoteWork,
  inVm,
  localWork,
  until,
  plannedKinds,
  reconcileUntil,
  slowNetwork,
  type StopPoint,
} from '../support/fleet.ts';
import { STATIC_CARTRIDGE, staticSpec, testProject, type TestProject } from '../support/project.ts';

const SPEC = staticSpec({ vms: [1, 3], processesPerVm: 3, cpu: 4, cartridge: 'env: { GENERATION: one }' });

/** What is changed before a run, and where that run is stopped. */
interface Case {
  readonly change: 'grow' | 'shrink' | 'roll';
  readonly at: StopPoint;
}

/** Each stage of an apply: as its first action starts, in the middle of it, and after one is done and the next is not. */
const CASES: readonly Case[] = [
  { change: 'grow', at: { kind: 'vm.create' } },
  { change: 'shrink', at: { kind: 'gateway.configure' } },
  { change: 'grow', at: { kind: 'vm.create', after: 700 } },
  { change: 'shrink', at: { kind: 'process.remove' } },
  { change: 'grow', at: { kind: 'vm.prepare' } },
  { change: 'shrink', at: { kind: 'process.remove', after: 120 } },
  { change: 'grow', at: { kind: 'image.copy', after: 250 } },
  { change: 'shrink', at: { kind: 'vm.delete', after: 150 } },
  { change: 'grow', at: { kind: 'process.create' } },
  { change: 'roll', at: { kind: 'process.create', nth: 2, after: 100 } },
  { change: 'roll', at: { kind: 'gateway.configure', nth: 3 } },
  { change: 'roll', at: { kind: 'process.remove', type: 'action.finished', nth: 2 } },
  { change: 'shrink', at: { kind: 'vm.delete', type: 'action.finished' } },
  { change: 'grow', at: { kind: 'gateway.configure' } },
];

const INTERRUPTED: readonly Case[] = [
  { change: 'shrink', at: { kind: 'process.remove', after: 50 } },
  { change: 'grow', at: { kind: 'vm.create', after: 300 } },
  { change: 'roll', at: { kind: 'process.create', nth: 2, after: 60 } },
  { change: 'shrink', at: { kind: 'vm.delete' } },
  { change: 'grow', at: { kind: 'image.copy', after: 100 } },
];

let project: TestProject;
let generation = 0;
beforeAll(async () => {
  project = await testProject(SPEC);
  await project.must('cartridge', 'build', STATIC_CARTRIDGE, '--tag', 'static:1');
  await project.must('subscribe', 'shop', '--cartridge', 'static', '--port', '8080', '--min', '3', '--max', '3');
}, 300_000);
afterAll(() => project.dispose());

async function apply(change: Case['change']): Promise<void> {
  const bounds = (count: string) => ['--min', count, '--max', count];
  if (change === 'grow') await project.must('scale', 'shop', ...bounds('5'));
  if (change === 'shrink') await project.must('scale', 'shop', ...bounds('3'));
  if (change === 'roll') {
    const before = /GENERATION: \w+/.exec(await project.readSpec())?.[0] ?? '';
    await project.editSpec(before, `GENERATION: g${String((generation += 1))}`);
  }
}

const title = ({ change, at }: Case) =>
  `${change}: ${at.type ?? 'action.started'} ${String(at.nth ?? 1)} of ${at.kind} and ${String(at.after ?? 0)} ms`;

describe('reconcile after kill -9', () => {
  test.each(['vm.create', 'vm.prepare', 'image.copy', 'process.create', 'gateway.configure'])(
    'goes on with the first run of a project where it was killed, at %s',
    async (kind) => {
      const killed = await reconcileUntil(project, { kind }, 'SIGKILL');
      expect(killed.signal).toBe('SIGKILL');
    },
  );

  test('finishes the first run and says whose lock it took over', async () => {
    const finish = await project.must('reconcile');
    expect(finish.stderr).toMatch(/Took over the lock of \S+ \(pid \d+, "reconcile" since .*which ended without/);
    await expectConverged(project);
  });

  test.each(CASES.map((point) => [title(point), point] as const))(
    'finishes the job with one more run, %s',
    async (_title, point) => {
      await apply(point.change);
      const killed = await reconcileUntil(project, point.at, 'SIGKILL');
      expect(killed.signal).toBe('SIGKILL');
      const finish = await project.must('reconcile');
      expect(finish.stderr).toContain('Took over the lock of');
      expect(finish.stdout).not.toContain('held');
      await expectConverged(project);
    },
  );
});

describe('reconcile after Ctrl-C', () => {
  test.each(INTERRUPTED.map((point) => [title(point), point] as const))(
    'ends with 130 and the next run finishes, %s',
    async (_title, point) => {
      await apply(point.change);
      const stopped = await reconcileUntil(project, point.at, 'SIGINT');
      expect(stopped).toMatchObject({ code: 130, signal: null });
      const { partitions } = await project.status();
      for (const vm of partitions.flatMap((partition) => partition.vms))
        if (vm.state === 'ready') await expectNoRemoteWork(project, vm.name);
      const finish = await project.must('reconcile');
      expect(finish.stderr).not.toContain('Took over the lock');
      await expectConverged(project);
    },
  );

  test('says that the run was interrupted', async () => {
    await apply('shrink');
    const stopped = await reconcileUntil(project, { kind: 'gateway.configure' }, 'SIGINT');
    expect(stopped.stderr).toContain('Interrupted');
    await project.must('reconcile');
    expect(await plannedKinds(project)).toEqual([]);
  });
});

describe('a copy that is cut', () => {
  beforeAll(async () => {
    const directory = path.join(project.site.directory, 'big');
    await cp(STATIC_CARTRIDGE, directory, { recursive: true });
    await writeFile(path.join(directory, 'www/big.bin'), randomBytes(64 * 2 ** 20));
    await project.must('cartridge', 'build', directory, '--tag', 'static:big');
  }, 300_000);

  test('leaves its part for the next run, which is not in the way of one that goes on by itself', async () => {
    const point: StopPoint = { kind: 'image.copy', type: 'action.progress', after: 500 };
    await project.must('reconcile');
    await project.editSpec('image: static:1', 'image: static:big');
    await slowNetwork(project, '160mbit');
    expect((await reconcileUntil(project, point, 'SIGINT')).code).toBe(130);
    expect(await localWork(project)).toEqual([]);
    await expectNoRemoteWork(project, 'web-1');
    const parts = 'find /var/lib/stratos/blobs -type f -name "*.part" -size +0';
    // A large image goes from here to one VM, whichever that is, and on from there.
    const vms = (await project.status()).partitions.flatMap((partition) => partition.vms.map(({ name }) => name));
    const kept = await Promise.all(vms.map((vm) => inVm(project, vm, parts)));
    expect(kept.join('')).not.toBe('');
    // A killed run cannot say that it ends: the next one starts at once, beside what it left on the VM.
    expect((await reconcileUntil(project, { ...point, after: 0 }, 'SIGKILL')).signal).toBe('SIGKILL');
    await project.must('reconcile');
    await until('nothing of it is at work here', async () => (await localWork(project)).length === 0);
    await expectConverged(project);
    for (const vm of (await project.status()).partitions.flatMap(({ vms }) => vms))
      expect(await inVm(project, vm.name, 'find /var/lib/stratos/blobs -name "*.part"')).toBe('');
  });
});
