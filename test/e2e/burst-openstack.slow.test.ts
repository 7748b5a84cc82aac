/** From this machine into a cloud and back: a partition that overflows into OpenStack, and one that moves there under load. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { plannedKinds } from '../support/fleet.ts';
import { hypervisor, openstackServers, type Hypervisor } from '../support/hypervisor.ts';
import { startLoad } from '../support/http-load.ts';
import { openstack, type Openstack } from '../support/openstack.ts';
import { openstackSite } from '../support/openstack-site.ts';
import { getPage, STATIC_CARTRIDGE, staticSpec, testProject, type TestProject } from '../support/project.ts';

/** This machine first, the cloud for what is beyond one VM. */
const BOTH = '[{ iaas: lab, max: 1 }, { iaas: cloud }]';

let project: TestProject;
let cloud: Openstack;
let machines: Hypervisor;

beforeAll(async () => {
  project = await testProject(staticSpec({ vms: [1, 4], processesPerVm: 1, cpu: 1 }));
  cloud = await openstack();
  const { subnet } = project.site.spec;
  const at = (last: number): string => subnet.replace(/\.0\/24$/, `.${String(last)}`);
  await openstackSite(cloud, { cidr: subnet, pool: { start: at(200), end: at(220) } });
  machines = hypervisor(project.site, () => openstackServers(cloud));
  const auth = { auth_url: cloud.urls.identity, username: 'admin', password: 'secret', project_name: 'admin' };
  await writeFile(path.join(project.directory, 'clouds.yaml'), JSON.stringify({ clouds: { north: { auth } } }));
  const entry = '{ kind: openstack, cloud: north, image: debian, network: private, user: root }';
  await project.editSpec('iaas:\n', `iaas:\n  cloud: ${entry}\n`);
  await project.editSpec('[{ iaas: lab }]', BOTH);
  await project.must('cartridge', 'build', STATIC_CARTRIDGE, '--tag', 'static:1');
}, 600_000);
afterAll(async () => {
  await machines[Symbol.asyncDispose]();
  await cloud[Symbol.asyncDispose]();
  await project.dispose();
});

const homes = async (): Promise<readonly string[]> => {
  const { partitions } = await project.status();
  return partitions.flatMap(({ vms }) => vms.map(({ name, iaas, state }) => `${name} ${iaas} ${state}`)).sort();
};
const urls = async (): Promise<readonly string[]> => (await project.status()).subscriptions[0]?.urls ?? [];
const servers = async (): Promise<readonly { readonly name: string; readonly status: string }[]> => {
  const answer = await cloud.ask('compute', 'servers/detail');
  return answer.servers as { name: string; status: string }[];
};

/** Runs as cron does, until there is nothing to do: a real cloud on a busy machine may refuse for a moment, and is left alone then. */
const settle = (): Promise<true> =>
  vi.waitUntil(
    async () => {
      const { code } = await project.stratos('reconcile');
      return code === 0 && (await plannedKinds(project)).length === 0;
    },
    { timeout: 240_000, interval: 1000 },
  );

describe('a partition that overflows into a cloud', () => {
  test('can be looked at before anything is bought', async () => {
    const { ok, findings } = JSON.parse((await project.must('iaas', 'check', 'cloud', '-o', 'json')).stdout) as {
      ok: boolean;
      findings: { subject: string; detail: string }[];
    };
    expect(ok).toBe(true);
    const details = findings.map(({ detail }) => detail).join('\n');
    expect(details).toMatch(/of 100 machines, .* are left/);
    expect(details).toMatch(/m2 has 2 vCPUs/);
  });

  test('stays on this machine while there is room', async () => {
    await project.must('subscribe', 'shop', '--cartridge', 'static', '--port', '8080', '--min', '1', '--max', '3');
    await project.must('reconcile');
    expect(await homes()).toEqual(['web-1 lab ready']);
    expect(await servers()).toEqual([]);
  });

  test('grows into OpenStack when this machine is full, and answers from there', async () => {
    await project.must('scale', 'shop', '--min', '3');
    await settle();
    expect(await homes()).toEqual(['web-1 lab ready', 'web-2 cloud ready', 'web-3 cloud ready']);
    expect((await servers()).map(({ name, status }) => `${name} ${status}`).sort()).toEqual([
      'web-2 ACTIVE',
      'web-3 ACTIVE',
    ]);
    const pages = await Promise.all((await urls()).map(getPage));
    expect(pages).toEqual([200, 200, 200]);
    expect(await project.onVm('web-3', 'hostname -I')).toMatch(/\.2\d\d /);
    expect(await plannedKinds(project)).toEqual([]);
  });

  test('gives the cloud back first, and nothing of it is left there', async () => {
    await project.must('scale', 'shop', '--min', '1', '--max', '1');
    await settle();
    expect(await homes()).toEqual(['web-1 lab ready']);
    expect(await servers()).toEqual([]);
    const { ports } = await cloud.ask('network', 'v2.0/ports');
    expect(ports).toEqual([]);
    expect(await Promise.all((await urls()).map(getPage))).toEqual([200]);
  });
});

describe('a partition whose placement changes', () => {
  test('moves from this machine into the cloud without a failed request, and leaves nothing here', async () => {
    const { lineage } = await project.status();
    await project.editSpec(BOTH, '[{ iaas: lab }]');
    await project.must('scale', 'shop', '--min', '2', '--max', '2');
    await project.must('reconcile');
    expect(await homes()).toEqual(['web-1 lab ready', 'web-2 lab ready']);
    // Where clients go: what a name server or a balancer before the VMs has learnt of `stratos status`.
    let known = await urls();
    let turn = 0;
    const load = startLoad({
      url: () => known[(turn += 1) % known.length] ?? '',
      ...{ clients: 4, keepAlive: false, pause: 10 },
    });
    await project.editSpec('[{ iaas: lab }]', '[{ iaas: cloud, min: 2 }, { iaas: lab }]');
    await settle();
    const cloudVms = ['web-3 cloud ready', 'web-4 cloud ready'];
    expect(await homes()).toEqual(['web-1 lab ready', 'web-2 lab ready', ...cloudVms]);
    known = (await urls()).filter((url) => /\.2\d\d:/.test(url));
    expect(known).toHaveLength(2);
    // Who asked by the old names has had the answer.
    await sleep(1000);
    await project.editSpec('[{ iaas: cloud, min: 2 }, { iaas: lab }]', '[{ iaas: cloud }]');
    await settle();
    const { lost, failures, requests } = await load.stop();
    expect({ lost, failures }).toEqual({ lost: 0, failures: {} });
    expect(requests).toBeGreaterThan(100);
    expect(await homes()).toEqual(cloudVms);
    expect(await project.site.providerOf(lineage).list()).toEqual([]);
    expect((await machines.machines()).length).toBe(2);
  });
});
