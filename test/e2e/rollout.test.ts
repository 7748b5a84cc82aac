/** Rollouts of every kind on real VMs under load: not one request is lost, and each goes on over several runs. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectConverged } from '../support/fleet.ts';
import { rolloutLab, type RolloutLab } from '../support/rollout-lab.ts';

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

  test('goes to another image in one run, with its message in the history', async () => {
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
    const { stdout } = await lab.project.must(
      'process',
      'exec',
      process?.name ?? '',
      '--',
      'sh',
      '-c',
      'echo "$GREETING"',
    );
    expect(stdout).toBe('hello\n');
  });

  test('refuses to go back to what is not there', async () => {
    const result = await lab.project.stratos('rollback', 'shop', '--to', '77');
    expect(result.code).toBe(1);
    expect(result.stderr).toContain('Cannot roll shop back as its history has no revision 77');
  });
});
