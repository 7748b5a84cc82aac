/**
 * From a spec to an answer over HTTP on the clouds that have no machines here: what each API is asked for is checked against its vendor's
 * own description, and behind it a VM of this machine stands at the address that it shows. So all after the creation is real.
 */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { loadProvider } from '../../src/iaas/load-provider.ts';
import { loadSpec } from '../../src/inventory/load-spec.ts';
import { SECRET } from '../support/azure/peer.ts';
import { azureSubject, type AzureSubject } from '../support/azure/subject.ts';
import { digitaloceanPeer, type DigitalOceanPeer } from '../support/digitalocean-peer.ts';
import { ec2Cloud, type Ec2Cloud } from '../support/ec2-cloud.ts';
import { plannedKinds } from '../support/fleet.ts';
import { gceSubject, type GceSubject } from '../support/gce/subject.ts';
import { hetznerPeer, type HetznerPeer } from '../support/hetzner-peer.ts';
import { hypervisor, type HostedMachine, type Hypervisor } from '../support/hypervisor.ts';
import { getPage, STATIC_CARTRIDGE, testProject, type TestProject } from '../support/project.ts';

/** One partition of one VM for each cloud, of its name. */
const CLOUDS = ['aws', 'google', 'microsoft', 'falkenstein', 'ocean'] as const;
type Cloud = (typeof CLOUDS)[number];

let project: TestProject;
let machines: Hypervisor;
let aws: Ec2Cloud;
let google: GceSubject;
let microsoft: AzureSubject;
let falkenstein: HetznerPeer;
let ocean: DigitalOceanPeer;
let clouds: Readonly<Record<Cloud, object>>;

const specOf = (subscriptions: boolean): string => `
policies:
  partition:
    one:
      vms: { min: 0, max: 1 }
      vm: { cpu: 1, memory: 1Gi }
      scaleDown: { after: 0s, afterGrowth: 0s, below: 1% }
partitions:
${CLOUDS.map((name) => `  ${name}: { policy: one, placement: [{ iaas: ${name} }] }\n`).join('')}cartridges:
${CLOUDS.map(
  (name) => `  ${name}:
    { image: static:1, partition: ${name}, ports: { http: 80 }, health: { path: / }, resources: { memory: 32Mi, cpu: 0.1 } }
`,
).join('')}${
  subscriptions
    ? `subscriptions:\n${CLOUDS.map((name) => `  ${name}: { cartridge: ${name}, processes: { min: 1, max: 1 }, port: 8080 }\n`).join('')}`
    : ''
}`;

/** Entries of the spec; each secret in a file of the project. */
async function entries(): Promise<Readonly<Record<Cloud, object>>> {
  const secret = async (name: string, text: string): Promise<{ fromFile: string }> => {
    await writeFile(path.join(project.directory, name), text, { mode: 0o600 });
    return { fromFile: name };
  };
  const { subnet } = project.site.spec;
  const { Vpc } = await aws.direct.createVpc({ CidrBlock: subnet });
  const zone = { AvailabilityZone: 'eu-west-1a' };
  const { Subnet } = await aws.direct.createSubnet({ VpcId: Vpc?.VpcId ?? '', CidrBlock: subnet, ...zone });
  const { project: cloudProject, zones, endpoint } = google.spec;
  const { subscription, resourceGroup, location, network, credentials, authority, ca, ...azure } = microsoft.spec;
  return {
    aws: {
      ...{ kind: 'ec2', region: 'eu-west-1', endpoint: aws.faults.url, image: aws.spec.image, address: 'private' },
      ...{ subnets: [Subnet?.SubnetId], prices: { 't3.small': 0.0228 } },
      accessKey: { id: await secret('aws-id', 'AKIATEST'), secret: await secret('aws-secret', 'secret') },
    },
    google: {
      ...{ kind: 'gce', project: cloudProject, zones, endpoint, externalAddress: false },
      credentials: await secret('google-key', google.peer.key),
    },
    microsoft: {
      ...{ kind: 'azure', subscription, resourceGroup, location, network, authority, ca, publicAddress: false },
      ...{ zones: azure.zones, endpoint: azure.endpoint },
      credentials: { ...credentials, secret: await secret('azure-secret', SECRET) },
    },
    falkenstein: {
      ...{ kind: 'hetzner', url: falkenstein.url, locations: ['fsn1'] },
      token: await secret('hetzner-token', 'hetzner-token'),
    },
    ocean: {
      ...{ kind: 'digitalocean', url: ocean.url, regions: ['fra1'] },
      token: await secret('ocean-token', 'digitalocean-token'),
    },
  };
}

/** User data as the cloud holds it, past the adapter. */
const userData: Readonly<Record<Cloud, (id: string) => Promise<string>>> = {
  aws: (id) => aws.userData(id),
  google: async (id) => (await google.held?.(id))?.userData ?? '',
  microsoft: async (id) => (await microsoft.held?.(id))?.userData ?? '',
  falkenstein: async (id) => (await falkenstein.held(id)).userData,
  ocean: async (id) => (await ocean.held(id)).userData,
};

/** What all clouds have of the project. */
async function hosted(): Promise<readonly HostedMachine[]> {
  const inventory = await readFile(path.join(project.directory, 'inventory.yaml'), 'utf8').catch(() => '');
  const [, lineage] = /lineage: "?([0-9a-f-]{36})/.exec(inventory) ?? [];
  if (lineage === undefined) return [];
  const spec = await loadSpec(project.directory);
  const found = await Promise.all(
    CLOUDS.map(async (name) => {
      const entry = spec.iaas[name];
      if (!entry) return [];
      const provider = await loadProvider(entry, { lineage, env: {}, onStep: () => undefined });
      return (await provider.list()).map(({ id, state, endpoint }) => ({
        id: `${name}-${id.replaceAll(/[^a-z0-9]/g, '-')}`.slice(-50).replace(/^-+/, ''),
        running: state === 'running' && endpoint !== undefined,
        address: endpoint?.address ?? '',
        userData: () => userData[name](id),
      }));
    }),
  );
  return found.flat();
}

const write = async (subscriptions: boolean): Promise<void> => {
  const lines = Object.entries(clouds).map(
    ([name, entry]) => `  ${name}: ${JSON.stringify({ user: 'root', ...entry })}\n`,
  );
  await project.writeSpec(`apiVersion: stratos/v1\niaas:\n${lines.join('')}${specOf(subscriptions)}`);
};

/** Runs as cron does, until there is nothing to do. */
const settle = (): Promise<true> =>
  vi.waitUntil(
    async () => {
      const { code } = await project.stratos('reconcile');
      return code === 0 && (await plannedKinds(project)).length === 0;
    },
    { timeout: 240_000, interval: 500 },
  );

beforeAll(async () => {
  project = await testProject('');
  [aws, google, microsoft, falkenstein, ocean] = await Promise.all([
    ec2Cloud(),
    gceSubject(),
    azureSubject(),
    hetznerPeer(),
    digitaloceanPeer(),
  ]);
  const at = (last: number): string => project.site.spec.subnet.replace(/\.0\/24$/, `.${String(last)}`);
  google.peer.network.address = at(201);
  microsoft.peer.network.address = at(202);
  falkenstein.address = at(203);
  ocean.address = at(204);
  clouds = await entries();
  await write(true);
  await project.must('cartridge', 'build', STATIC_CARTRIDGE, '--tag', 'static:1');
  machines = hypervisor(project.site, hosted);
}, 300_000);
afterAll(async () => {
  await machines[Symbol.asyncDispose]();
  await Promise.all([aws, google, microsoft, falkenstein, ocean].map((cloud) => cloud[Symbol.asyncDispose]()));
  await project.dispose();
});

test('a cartridge on each cloud answers, and nothing is left there when it goes', async () => {
  await settle();
  const { subscriptions, partitions } = await project.status();
  expect(
    partitions.flatMap(({ vms }) => vms.map(({ name, iaas, state }) => `${name} ${iaas} ${state}`)).sort(),
  ).toEqual(CLOUDS.map((name) => `${name}-1 ${name} ready`).sort());
  const urls = subscriptions.flatMap((each) => each.urls);
  expect(urls).toHaveLength(CLOUDS.length);
  expect(await Promise.all(urls.map(getPage))).toEqual(urls.map(() => 200));
  expect(await hosted()).toHaveLength(CLOUDS.length);

  await write(false);
  await settle();
  expect(await hosted()).toEqual([]);
  await vi.waitUntil(async () => (await machines.machines()).length === 0, { timeout: 60_000 });
  for (const { violations } of [google.peer, microsoft.peer, falkenstein, ocean]) expect(violations).toEqual([]);
}, 600_000);
