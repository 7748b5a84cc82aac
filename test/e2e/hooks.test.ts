/** Hooks of a project: told of rollouts, VMs and sleepers, and one that stops a rollout. Real VMs. */
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectConverged, plannedKinds } from '../support/fleet.ts';
import { getPage } from '../support/project.ts';
import { rolloutLab, type RolloutLab } from '../support/rollout-lab.ts';

let lab: RolloutLab;
const told = async () =>
  (await readFile(path.join(lab.project.directory, 'told'), 'utf8').catch(() => '')).trim().split('\n');
async function hook(name: string, text: string): Promise<void> {
  const file = path.join(lab.project.directory, 'hooks', name);
  await writeFile(file, `#!/bin/sh\n${text}\n`);
  await chmod(file, 0o755);
}

beforeAll(async () => {
  lab = await rolloutLab();
  await lab.build('2');
  await mkdir(path.join(lab.project.directory, 'hooks'));
}, 300_000);
afterAll(() => lab.project.dispose());

describe('hooks', () => {
  test('pre-deploy and post-deploy are told of a rollout', async () => {
    for (const name of ['pre-deploy', 'post-deploy'])
      await hook(name, 'echo "$STRATOS_HOOK $STRATOS_ALIAS $STRATOS_REVISION $STRATOS_REFERENCE" | tee -a told');
    const { stderr } = await lab.project.must('rollout', 'shop', '--image', 'static:2');
    expect(stderr).toContain('hook pre-deploy of shop');
    expect(await told()).toEqual(['pre-deploy shop 2 static:2', 'post-deploy shop 2 static:2']);
    await lab.project.must('reconcile');
    expect(await told()).toHaveLength(2);
    expect((await lab.project.must('events', '-o', 'json')).stdout).toContain('pre-deploy shop 2 static:2');
  });

  test('pre-deploy that fails stops that rollout before anything is replaced', async () => {
    await hook('pre-deploy', 'echo "no deployments on Friday"; exit 9');
    const before = (await lab.processes()).map(({ name }) => name);
    await lab.underLoad(async () => {
      await lab.project.editSpec('image: static:2', 'image: static:1');
      const result = await lab.project.stratos('reconcile');
      expect(result.code).toBe(5);
      expect(result.stdout).toContain('hook pre-deploy ended with 9: no deployments on Friday');
    });
    expect((await lab.processes()).map(({ name }) => name)).toEqual(before);
    expect(await plannedKinds(lab.project)).toEqual([]);
    // Asked for once more it is not asked about once more: somebody has decided.
    await lab.project.must('rollout', 'shop', '--wait');
    await expectConverged(lab.project);
  });

  test('vm-ready and wake are told of a VM that joins and of a process that woke', async () => {
    await hook('vm-ready', 'echo "vm $STRATOS_VM $STRATOS_ADDRESS" >>told');
    await hook('wake', 'echo "wake $STRATOS_PROCESS $STRATOS_ALIAS" >>told');
    await lab.project.must('scale', 'shop', '--min', '17', '--max', '17', '--reconcile');
    expect((await told()).at(-1)).toMatch(/^vm web-3 \d+\.\d+\.\d+\.\d+$/);
    await lab.project.editSpec('rollout: careful', 'rollout: careful, idle: { freezeAfter: 1h }');
    await lab.project.must('scale', 'shop', '--min', '1', '--max', '1', '--reconcile');
    const [process] = await lab.processes();
    const name = process?.name ?? '';
    await lab.project.must('process', 'sleep', name);
    expect(await getPage(await lab.url())).toBe(200);
    await lab.project.must('reconcile');
    expect((await told()).at(-1)).toBe(`wake ${name} shop`);
  });
});
