/** Partitions over several IaaS: what one refuses the next one gives in the same run, and what a cloud says wrong loses no machine. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encodeLabels } from '../../src/iaas/cloud/labels.ts';
import { STATIC_CARTRIDGE, testProject, type TestProject } from '../support/project.ts';

const CLOUD = fileURLToPath(new URL('../support/real-cloud-child.ts', import.meta.url));

let project: TestProject;
let cloud: string;

beforeAll(async () => {
  project = await testProject(SPEC);
  cloud = path.join(project.directory, 'cloud');
  await mkdir(cloud);
  const env = { REAL_CLOUD: cloud, REAL_CLOUD_SPEC: JSON.stringify(project.site.spec) };
  const entry = { kind: 'exec', user: 'root', timeout: '1m', command: [process.execPath, CLOUD], env };
  await project.editSpec('iaas:\n', `iaas:\n  cloud: ${JSON.stringify(entry)}\n`);
  await project.must('cartridge', 'build', STATIC_CARTRIDGE, '--tag', 'static:1');
}, 300_000);
afterAll(() => project.dispose());

const SPEC = `
policies:
  partition:
    web-vms:
      vms: { min: 1, max: 3 }
      vm: { cpu: 2, memory: 1Gi }
      processesPerVm: 1
      scaleDown: { after: 0s, afterGrowth: 0s, below: 1% }
partitions:
  web: { policy: web-vms, placement: [{ iaas: cloud, max: 2, zones: [north, south] }, { iaas: lab }] }
cartridges:
  static:
    image: static:1
    partition: web
    ports: { http: 80 }
    health: { path: / }
    resources: { memory: 32Mi, cpu: 0.1 }
`;

const setFaults = (faults: Readonly<Record<string, number | boolean>>) =>
  writeFile(path.join(cloud, 'faults.json'), JSON.stringify(faults));
const asked = async (verb: string): Promise<number> =>
  (await readFile(path.join(cloud, 'asked.log'), 'utf8')).split('\n').filter((line) => line === verb).length;
const memoryFile = () => path.join(project.directory, '.stratos', 'policy-memory.json');
/** The back-off is over: as if the time had passed. */
async function laterOn(): Promise<void> {
  const text = await readFile(memoryFile(), 'utf8');
  await writeFile(memoryFile(), text.replace(/"until":\d+/g, '"until":1'));
}
const homes = async (): Promise<readonly string[]> => {
  const { partitions } = await project.status();
  return partitions.flatMap(({ vms }) => vms.map(({ name, iaas }) => `${name} ${iaas}`)).sort();
};
async function answers(alias: string): Promise<readonly number[]> {
  const { subscriptions } = await project.status();
  const urls = subscriptions.find((each) => each.alias === alias)?.urls ?? [];
  return Promise.all(urls.map(async (url) => (await fetch(url)).status));
}

describe('a partition on a cloud that is full', () => {
  test('has its VM on the next IaaS in the same run, and the refusal is remembered and told', async () => {
    await setFaults({ 'no-capacity': true });
    await project.must('subscribe', 'shop', '--cartridge', 'static', '--port', '8080', '--min', '1', '--max', '1');
    const { stderr } = await project.must('reconcile');
    expect(stderr).toMatch(/cloud north has no capacity since \d\d:\d\d UTC, and is asked again at \d\d:\d\d UTC/);
    expect(await homes()).toEqual(['web-1 lab']);
    expect(await answers('shop')).toEqual([200]);
    expect(await asked('create')).toBe(2);
    expect((await project.must('explain', 'web')).stdout).toContain('cloud south has no capacity since');
  });

  test('does not ask it again before its time, and asks it again then', async () => {
    await project.must('scale', 'shop', '--min', '2', '--max', '2');
    await project.must('reconcile');
    expect(await homes()).toEqual(['web-1 lab', 'web-2 lab']);
    expect(await asked('create')).toBe(2);

    await laterOn();
    await setFaults({});
    await project.must('scale', 'shop', '--min', '3', '--max', '3');
    await project.must('reconcile');
    expect(await homes()).toEqual(['web-1 lab', 'web-2 lab', 'web-3 cloud']);
    expect(await answers('shop')).toEqual([200, 200, 200]);
    expect(await readFile(path.join(project.directory, 'inventory.yaml'), 'utf8')).toMatch(/"zone": ?"north"/);
    expect((await project.must('explain', 'web')).stdout).not.toContain('has no capacity');
  });
});

describe('a cloud that is wrong about its machines', () => {
  test('loses none by half a page, and makes none twice', async () => {
    await setFaults({ halfPage: true });
    const { stdout } = await project.must('reconcile');
    expect(stdout).toMatch(/web-3: cloud does not list its machine \S+, and it answers/);
    expect(await homes()).toEqual(['web-1 lab', 'web-2 lab', 'web-3 cloud']);
    await setFaults({});
    expect((await project.must('reconcile')).stdout).not.toContain('does not list');
  });

  test('says that a machine is stopped which runs: nothing is lost', async () => {
    await setFaults({ liesStopped: 1 });
    await project.must('reconcile');
    expect(await answers('shop')).toEqual([200, 200, 200]);
    expect(await homes()).toEqual(['web-1 lab', 'web-2 lab', 'web-3 cloud']);
  });

  test('loses the answer to a creation, throttles and takes its time: one machine is made', async () => {
    await project.editSpec('{ iaas: lab }', '{ iaas: lab, max: 1 }');
    await project.editSpec('min: 1, max: 3', 'min: 3, max: 4');
    await setFaults({ loseAnswer: 1, throttle: 1, slow: 1 });
    await project.must('reconcile');
    await project.must('reconcile');
    const { lineage } = await project.status();
    const machines = await project.site.providerOf(`${lineage}-cloud`).list();
    expect(machines.map(({ vm }) => `${vm ?? ''} cloud`).sort()).toEqual(
      (await homes()).filter((home) => home.endsWith(' cloud')),
    );
    expect(machines).toHaveLength(2);
    expect(await answers('shop')).toEqual([200, 200, 200]);
  });
});

describe('vm ls --orphans', () => {
  interface Orphan {
    readonly iaas: string;
    readonly vm: string;
    readonly obstacle?: string;
  }
  const orphans = async (...args: readonly string[]): Promise<readonly Orphan[]> => {
    const { stdout } = await project.must('vm', 'ls', '--orphans', ...args, '-o', 'json');
    return (JSON.parse(stdout) as { readonly orphans: readonly Orphan[] }).orphans;
  };

  test('finds a machine that somebody else’s run left, and ends it on demand only', async () => {
    const { lineage } = await project.status();
    const request = await project.site.request('web-9', { partition: 'web' });
    const { vm, partition, size, hostKey } = request;
    const labels = encodeLabels({ lineage, vm, partition, size, hostKey: hostKey.publicKey });
    await writeFile(path.join(cloud, 'kept', 'web-9.json'), JSON.stringify({ labels }));
    const provider = project.site.providerOf(`${lineage}-cloud`);
    await provider.create(request);

    expect(await orphans()).toMatchObject([{ iaas: 'cloud', vm: 'web-9' }]);
    expect(await orphans('--delete', '--dry-run')).toHaveLength(1);
    expect((await project.stratos('vm', 'ls', '--orphans', '--delete')).code).toBe(64);
    expect(await orphans()).toHaveLength(1);
    expect(await orphans('--delete', '--yes')).toHaveLength(1);
    expect(await orphans()).toEqual([]);
    expect((await provider.list()).map((machine) => machine.vm)).not.toContain('web-9');
  });

  test('takes up a machine whose record was lost, and never ends one that serves', async () => {
    const before = await homes();
    const file = path.join(project.directory, 'inventory.yaml');
    const lost = before.find((home) => home.endsWith(' cloud'))?.split(' ')[0] ?? '';
    const text = await readFile(file, 'utf8');
    const ofLost = new RegExp(`"(name|vm)": ?"${lost}"`);
    const kept = text.split('\n').filter((line) => !ofLost.test(line));
    await writeFile(file, kept.join('\n'));
    expect(await orphans()).toMatchObject([{ iaas: 'cloud', vm: lost }]);
    const { code, stdout } = await project.stratos('vm', 'ls', '--orphans', '--delete', '--yes');
    expect(code).toBe(5);
    expect(stdout).toContain('is not empty: shop-');
    expect(await orphans('--adopt')).toHaveLength(1);
    expect(await homes()).toEqual(before);
    await project.must('reconcile');
    expect(await answers('shop')).toEqual([200, 200, 200]);
  });
});
