/** Rollouts of every kind on real VMs under load: not one request is lost, and each goes on over several runs. */
import { readFile, rename } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectConverged } from '../support/fleet.ts';
import { rolloutLab, WANTED, type RolloutLab } from '../support/rollout-lab.ts';

let lab: RolloutLab;
beforeAll(async () => {
  lab = await rolloutLab('env: { GREETING: hello }');
  await lab.build('2');
  await lab.build('3');
  await lab.build('bad', { broken: true });
}, 300_000);
afterAll(() => lab.project.dispose());

/** Expects all processes on one image, ready, and nothing left to do. */
async function expectAll(version: string): Promise<void> {
  await expectConverged(lab.project);
  const pages = await fetch(await lab.url(), { headers: { connection: 'close' } });
  expect(await pages.text()).toBe(`version ${version}\n`);
}

/** Runs a line in a process; what it writes. */
async function inside(process: string, line: string): Promise<string> {
  return (await lab.project.must('process', 'exec', process, '--', 'sh', '-c', line)).stdout;
}

/** What is kept on the VMs of the processes that run, as each of them has it. */
async function allSnapshots() {
  const found = [];
  for (const { name: process } of await lab.processes()) {
    const { stdout } = await lab.project.must('process', 'snapshots', process, '-o', 'json');
    const { snapshots } = JSON.parse(stdout) as { snapshots: { name: string; image?: string; comment?: string }[] };
    found.push(...snapshots.map((snapshot) => ({ ...snapshot, process })));
  }
  return found;
}

describe('a rolling rollout', () => {
  test('the first revision is recorded with who, when and why', async () => {
    const [first, ...others] = await lab.history();
    expect(others).toEqual([]);
    expect(first).toMatchObject({
      number: 1,
      state: 'succeeded',
      current: true,
      reference: 'static:1',
      why: 'the first',
    });
    expect(first?.who).toMatch(/^\S+@\S+$/);
    expect(Date.parse(first?.createdAt ?? '')).toBeGreaterThan(Date.now() - 600_000);
    expect(first?.image).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  test('goes to another image in one run, with its message in the history, and keeps what the old processes changed', async () => {
    await lab.policy('{ snapshot: true }');
    for (const { name } of await lab.processes()) await inside(name, `echo "by ${name}" >/notes`);
    await lab.underLoad(async () => {
      const { stdout } = await lab.project.must('rollout', 'shop', '--image', 'static:2', '--message', 'version "two"');
      expect(stdout).toContain('revision 2: succeeded');
    });
    await expectAll('2');
    expect((await lab.history())[0]).toMatchObject({
      number: 2,
      state: 'succeeded',
      why: 'image static:1 → static:2',
      message: 'version "two"',
    });
    expect(await lab.project.readSpec()).toContain('image: static:2');
    const snapshots = await allSnapshots();
    expect(new Set(snapshots.map(({ name }) => name)).size).toBe(WANTED);
    // They are of the image that was, so they cannot be restored now.
    for (const { image, comment } of snapshots) {
      expect(image).toMatch(/^sha256:/);
      expect(comment).toBe('its image, cartridge or environment changed');
    }
  });

  test('goes back without naming a revision, and a reconcile does not undo it', async () => {
    await lab.underLoad(async () => {
      await lab.project.must('rollback', 'shop');
    });
    await expectAll('1');
    await lab.project.must('reconcile');
    await expectAll('1');
    expect(await lab.project.readSpec()).toContain('revision: 1');
    expect((await lab.history())[0]).toMatchObject({ number: 3, why: 'back to revision 1', state: 'succeeded' });
    const kept = (await allSnapshots()).find(({ image }) => image === undefined);
    await lab.project.must('process', 'restore', kept?.process ?? '', kept?.name ?? '');
    expect(await inside(kept?.process ?? '', 'cat /notes')).toMatch(/^by shop-\d+\n$/);
    await lab.policy('{}');
    await lab.underLoad(async () => {
      await lab.project.must('rollout', 'shop');
    });
    await expectAll('2');
  });

  test('begins by itself when a tag moved, and brings a changed environment back with the image', async () => {
    await lab.build('2b', { tag: '2' });
    await lab.project.editSpec('GREETING: hello', 'GREETING: good day');
    await lab.underLoad(async () => {
      await lab.project.must('reconcile');
    });
    await expectAll('2b');
    const [newest] = await lab.history();
    expect(newest?.why).toMatch(/^image static:2 moved to sha256:[0-9a-f]{12}, environment: GREETING$/);
    await lab.underLoad(async () => {
      await lab.project.must('rollback', 'shop', '--to', '4');
    });
    await expectAll('2');
    const [process] = await lab.processes();
    expect(await inside(process?.name ?? '', 'echo "$GREETING"')).toBe('hello\n');
  });

  test('refuses to go back to what is not there', async () => {
    const result = await lab.project.stratos('rollback', 'shop', '--to', '77');
    expect(result.code).toBe(1);
    expect(result.stderr).toContain('Cannot roll shop back as its history has no revision 77');
    const { image } = (await lab.history()).find(({ number }) => number === 1) ?? { image: '' };
    const blob = (digest: string): string =>
      path.join(lab.project.directory, '.stratos/store/blobs', digest.replace(':', '/'));
    const { layers } = JSON.parse(await readFile(blob(image), 'utf8')) as { layers: { digest: string }[] };
    const top = layers.at(-1)?.digest ?? '';
    await rename(blob(top), blob(top).slice(0, -1));
    const lost = await lab.project.stratos('rollback', 'shop', '--to', '1');
    await rename(blob(top).slice(0, -1), blob(top));
    expect(lost.code).toBe(1);
    expect(lost.stderr).toMatch(
      /to revision 1 as layers of image static:1 \(sha256:\w+\) are missing: sha256:\w{12}\n/,
    );
  });
});
