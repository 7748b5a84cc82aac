/** Bad input through the program: exit code, message, and that nothing was touched; a project whose files are damaged or of another time. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectConverged, inventoryText, plannedKinds } from '../support/fleet.ts';
import { STATIC_CARTRIDGE, staticSpec, testProject, type TestProject } from '../support/project.ts';

const run = promisify(execFile);

const SPEC = `${staticSpec({ vms: [1, 2], processesPerVm: 4, cpu: 2 })}subscriptions:
  shop: { cartridge: static, processes: { min: 1, max: 1 }, port: 8080 }
`;

let project: TestProject;
let good: string;
let aside: string;
beforeAll(async () => {
  project = await testProject(SPEC);
  good = await project.readSpec();
  aside = await mkdtemp(path.join(tmpdir(), 'stratos-faults-'));
  await project.must('cartridge', 'build', STATIC_CARTRIDGE, '--tag', 'static:1');
}, 300_000);
afterAll(async () => {
  await project.dispose();
  await rm(aside, { recursive: true, force: true });
});

/** Names that are a fault, or an attack when they reach a shell. */
const aliases = (): readonly string[] => [
  'my shop',
  `it's`,
  'say "hello"',
  `$(touch ${aside}/x)`,
  `\`touch ${aside}/x\``,
  `a;touch ${aside}/x`,
  `a\ntouch ${aside}/x`,
  '../up',
  '-rf',
  'a'.repeat(300),
  '',
];

describe('a spec that is wrong', () => {
  const subscription = 'shop: { cartridge: static, processes: { min: 1, max: 1 }, port: 8080 }';
  test.each([
    ['malformed YAML', 'partition: web\n', 'partition: [web\n', /stratos\.yaml:\d+:\d+: .+/],
    ['an unknown key', 'health:', 'helth:', /stratos\.yaml:\d+:\d+: .*helth[^]*did you mean "?health/],
    [
      'a dangling name',
      'cartridge: static,',
      'cartridge: statik,',
      /stratos\.yaml:\d+:\d+: .*statik[^]*did you mean "?static/,
    ],
    [
      'an alias that is there twice',
      subscription,
      `${subscription}\n  ${subscription}`,
      /stratos\.yaml:\d+:\d+: .*shop/,
    ],
    [
      'a port that is taken twice',
      subscription,
      `${subscription}\n  ${subscription.replace('shop', 'other')}`,
      /stratos\.yaml:\d+:\d+: .*8080.*shop/,
    ],
    [
      'min above max',
      'processes: { min: 1, max: 1 }',
      'processes: { min: 3, max: 1 }',
      /stratos\.yaml:\d+:\d+: .*min.*3.*1/,
    ],
    ['memory that no VM has', 'memory: 32Mi', 'memory: 8Gi', /stratos\.yaml:\d+:\d+: .*8Gi.*1Gi/],
  ])('is refused with its place and 64, before anything is touched: %s', async (_name, from, to, message) => {
    await project.editSpec(from, to);
    try {
      for (const command of ['validate', 'plan', 'reconcile']) {
        const result = await project.stratos(command);
        expect(result.code).toBe(64);
        expect(result.stderr).toMatch(message);
        expect(result.stderr).not.toMatch(/\n {4}at /);
        expect(result.stdout).toBe('');
      }
      const document = JSON.parse((await project.stratos('reconcile', '-o', 'json')).stdout) as object;
      expect(document).toMatchObject({ error: { code: 'INVALID_SPEC', exitCode: 64 } });
      expect(existsSync(path.join(project.directory, 'inventory.yaml'))).toBe(false);
    } finally {
      await project.writeSpec(good);
    }
  });

  test('or has an alias no shell should see is refused, and nothing of it ran', async () => {
    for (const alias of aliases()) {
      await project.writeSpec(good.replace('shop:', `${JSON.stringify(alias)}:`));
      const result = await project.stratos('reconcile');
      expect([alias, result.code]).toEqual([alias, 64]);
      expect(result.stderr).toMatch(/stratos\.yaml:\d+:\d+: /);
      // What is shown of it is on one line, and short.
      for (const line of result.stderr.split('\n')) expect(line.length).toBeLessThan(500);
    }
    await project.writeSpec(good);
    expect(await readdir(aside)).toEqual([]);
  });

  test('does not come from subscribe, which refuses the same names', async () => {
    for (const alias of aliases()) {
      const result = await project.stratos('subscribe', '--cartridge', 'static', '--', alias);
      expect([alias, result.code]).toEqual([alias, 64]);
      expect(result.stderr).toContain('the alias must be a name of');
    }
    for (const command of [
      ['unsubscribe'],
      ['scale', '--min', '1'],
      ['process', 'logs'],
      ['process', 'restart'],
      ['vm', 'show'],
    ]) {
      const result = await project.stratos(...command, '--', `$(touch ${aside}/x)`);
      expect([1, 64]).toContain(result.code);
    }
    expect(await project.readSpec()).toBe(good);
    expect(await readdir(aside)).toEqual([]);
  });
});

describe('an image that the store does not have', () => {
  test.each([
    ['name', 'nothing:9'],
    ['digest', `sha256:${'0'.repeat(64)}`],
  ])('holds its subscription, says so with what to do, and the others are served: unknown %s', async (_what, image) => {
    await project.writeSpec(
      good.replace(
        'subscriptions:',
        `  other:\n    image: '${image}'\n    partition: web\n    ports: { http: 80 }\n    resources: { memory: 32Mi, cpu: 0.1 }\nsubscriptions:\n  absent: { cartridge: other, processes: { min: 1, max: 1 }, port: 8081 }`,
      ),
    );
    for (const [command, code] of [
      ['reconcile', 5],
      ['reconcile', 5],
      ['plan', 0],
    ] as const) {
      const result = await project.stratos(command);
      expect(result.code).toBe(code);
      expect(result.stdout).toContain(
        `✗ absent: 0 of 1 exist and no more can be created: the store has no image ${image}: see stratos cartridge ls`,
      );
      expect(result.stdout).not.toContain('as specified');
    }
    expect((await project.stratos('reconcile', '--quiet')).stderr).toContain('✗ absent: ');
    const { subscriptions } = await project.status();
    expect(subscriptions.map(({ alias, ready }) => [alias, ready])).toEqual([
      ['absent', 0],
      ['shop', 1],
    ]);
    await project.writeSpec(good);
    await project.must('reconcile');
    await expectConverged(project);
  });

  test('is told where processes of the former image run on', async () => {
    await project.editSpec('image: static:1', 'image: static:2');
    const result = await project.stratos('reconcile');
    expect(result.code).toBe(5);
    expect(result.stdout).toContain('✗ shop: 1 of 1 exist and none can be replaced: the store has no image static:2');
    expect(result.stdout).not.toContain('as specified');
    await project.writeSpec(good);
    expect((await project.must('reconcile')).stdout).toContain('as specified');
    await expectConverged(project);
  });
});

describe('a project whose files are not as they should be', () => {
  const file = () => path.join(project.directory, 'inventory.yaml');

  test('is not written when its directory is read-only, and says which', async () => {
    const before = await inventoryText(project);
    // Root may write where modes forbid it: only the flag stops it.
    await run('chattr', ['+i', project.directory, path.join(project.directory, '.stratos')]);
    try {
      for (const args of [['reconcile'], ['scale', 'shop', '--max', '2']]) {
        const result = await project.stratos(...args);
        expect(result.code).toBe(1);
        expect(result.stderr).toContain('as its directory is not writable: ');
        expect(result.stderr).toContain(project.directory);
      }
      expect((await project.must('status')).stdout).toContain('shop');
      await project.must('plan');
    } finally {
      await run('chattr', ['-i', project.directory, path.join(project.directory, '.stratos')]);
    }
    expect(await inventoryText(project)).toBe(before);
    expect(await project.readSpec()).toBe(good);
    await project.must('reconcile');
  });

  test('has an inventory of a newer stratos: refused, and never replaced', async () => {
    const text = await inventoryText(project);
    await writeFile(file(), text.replace('stratos/v1', 'stratos/v2'));
    for (const command of ['reconcile', 'plan', 'status', 'destroy']) {
      const result = await project.stratos(command, ...(command === 'destroy' ? ['--yes'] : []));
      expect(result.code).toBe(1);
      expect(result.stderr).toContain(
        'it was written by a newer stratos (apiVersion stratos/v2; this one knows stratos/v1)',
      );
      expect(result.stderr).not.toContain('cp ');
    }
    expect(await inventoryText(project)).toBe(text.replace('stratos/v1', 'stratos/v2'));
    await writeFile(file(), text);
  });

  test('has a damaged inventory: the message is a way back, and it leads there', async () => {
    const text = await inventoryText(project);
    await writeFile(file(), text.slice(0, -40));
    const result = await project.stratos('reconcile');
    expect(result.code).toBe(1);
    expect(result.stderr).toContain('inventory.yaml as it is not the YAML it should be: line ');
    const hint = /\n {4}(cp \S+inventory\.yaml\.previous \S+inventory\.yaml)\n/.exec(result.stderr)?.[1] ?? '';
    expect(hint).not.toBe('');
    await run('sh', ['-c', hint]);
    // One version back: what it does not know is found in the world again.
    await project.must('reconcile');
    await expectConverged(project);
  });

  test('has an inventory from the future, as the clock was stepped back', async () => {
    const text = await inventoryText(project);
    const year = String(new Date().getFullYear() + 3);
    await writeFile(file(), text.replace(/("?createdAt"?: ?"?)\d{4}/g, `$1${year}`));
    expect(await inventoryText(project)).toContain(year);
    expect(await plannedKinds(project)).toEqual([]);
    const { subscriptions } = await project.status();
    expect(subscriptions[0]?.processes.map(({ age }) => age)).toEqual([0]);
    for (const args of [['status'], ['process', 'ls'], ['vm', 'ls'], ['events'], ['reconcile']])
      await project.must(...args);
    await project.must('scale', 'shop', '--min', '2', '--max', '2');
    await project.must('reconcile');
    await project.writeSpec(good);
    await project.must('reconcile');
    await expectConverged(project);
  });

  test('has lost its inventory: what runs is found by its labels', async () => {
    await copyFile(file(), `${aside}/inventory.yaml`);
    const before = await readFile(file(), 'utf8');
    await rm(file());
    await project.must('reconcile');
    await expectConverged(project);
    expect((await project.status()).subscriptions[0]?.processes.map(({ name }) => name)).toEqual(
      [...before.matchAll(/"name": ?"(shop-\d+)"/g)].map(([, name]) => name),
    );
  });
});
