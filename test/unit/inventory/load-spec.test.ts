import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { cpuUsage } from 'node:process';
import { describe, expect, it } from 'vitest';
import { generate } from '../../../scripts/generate.ts';
import { loadSpec } from '../../../src/inventory/load-spec.ts';
import { InvalidSpecError } from '../../../src/model/errors.ts';
import { NO_BOUND } from '../../../src/model/bounds.ts';
import { DEFAULT_GUARDS, DEFAULT_ROLLOUT, DEFAULT_TUNING } from '../../../src/model/policy.ts';
import { tempDir } from './temp-dir.ts';

const fixtures = new URL('../../../fixtures/specs/valid/', import.meta.url).pathname;

async function project(files: Readonly<Record<string, string>>): Promise<string> {
  const directory = await tempDir();
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(directory, name, '..'), { recursive: true });
    await writeFile(join(directory, name), text);
  }
  return directory;
}

async function fixture(name: string): Promise<string> {
  return project({
    'stratos.yaml': await readFile(join(fixtures, `${name}.yaml`), 'utf8'),
    known_hosts: await readFile(join(fixtures, 'known_hosts'), 'utf8'),
  });
}

describe('loadSpec', () => {
  it('fills in defaults', async () => {
    const directory = await project({
      'stratos.yaml': [
        'apiVersion: stratos/v1',
        'iaas: { lab: { kind: local } }',
        'partitions: { web: { placement: [{ iaas: lab }] } }',
        'cartridges: { job: { image: job, partition: web } }',
        'subscriptions: { nightly: { cartridge: job } }',
      ].join('\n'),
    });
    expect(await loadSpec(directory)).toEqual({
      file: join(directory, 'stratos.yaml'),
      iaas: {
        lab: {
          kind: 'local',
          name: 'lab',
          bridge: 'stratos0',
          subnet: '10.209.0.0/16',
          root: '/var/lib/stratos/local',
        },
      },
      partitions: {
        web: {
          name: 'web',
          placement: [{ iaas: 'lab', max: NO_BOUND }],
          policy: {
            name: 'default',
            vms: { min: 1, max: 1 },
            vm: { cpu: 1, memory: 2 ** 30 },
            processesPerVm: NO_BOUND,
            strategy: 'pack',
            spare: { processes: 0, vms: 0 },
            scaleDown: { after: 600_000, below: 0.5, afterGrowth: 600_000 },
          },
          network: '10.66.0.0/22',
        },
      },
      cartridges: {
        job: {
          name: 'job',
          image: 'job',
          partition: 'web',
          ports: [],
          health: { interval: 1000, timeout: 1000, startup: 60_000 },
          resources: { memory: 2 ** 28, cpu: 0.25, pids: 512 },
          env: {},
          volumes: [],
          security: { privileged: false },
          runtime: 'lxc',
        },
      },
      subscriptions: {
        nightly: {
          alias: 'nightly',
          cartridge: 'job',
          scaling: {
            name: 'default',
            processes: { min: 1, max: 1 },
            target: {},
            signals: {},
            schedules: [],
            tuning: DEFAULT_TUNING,
          },
          rollout: { name: 'default', ...DEFAULT_ROLLOUT },
          spread: false,
          near: [],
          apart: [],
          hosts: [],
          env: {},
        },
      },
      store: { kind: 'directory', path: join(directory, '.stratos/store') },
      stores: {},
      guards: DEFAULT_GUARDS,
    });
  });

  it('resolves units, policies, anchors and environment as written', async () => {
    const directory = await fixture('everything');
    const { cartridges, subscriptions, partitions, store } = await loadSpec(directory);
    expect(cartridges.php).toMatchObject({
      ports: [
        { name: 'http', port: 80, protocol: 'http' },
        { name: 'admin', port: 8081, protocol: 'http' },
        { name: 'raw', port: 9000, protocol: 'tcp' },
      ],
      health: { port: 'admin', path: '/health?full=1', interval: 1000, timeout: 500, startup: 90_000 },
      resources: { memory: 2 ** 27, cpu: 0.25, pids: 64 },
      env: {
        MODE: { kind: 'value', value: 'production' },
        VERSION: { kind: 'value', value: '8.10' },
        DEBUG: { kind: 'value', value: 'false' },
        TOKEN: { kind: 'env', variable: 'SHOP_TOKEN' },
        KEY: { kind: 'file', path: join(directory, 'secrets/key') },
      },
      volumes: [
        { name: 'data', path: '/var/lib/data' },
        { name: 'logs', path: '/var/log/app' },
      ],
    });
    expect(partitions.web?.policy).toMatchObject({
      name: 'web-vms',
      processesPerVm: 20,
      vm: { disk: 20 * 2 ** 30 },
    });
    expect(subscriptions.shop).toMatchObject({
      scaling: { name: 'steady', target: { requestsInFlight: 20, cpu: 0.7, memory: 0.8 } },
      idle: {
        name: 'nap',
        freezeAfter: 300_000,
        stopAfter: 1_800_000,
        wake: 'on-request',
        cpuBelow: 0.025,
        sessions: false,
        busy: ['/usr/bin/busy'],
        coldStart: true,
      },
      rollout: { name: 'careful', drain: 30_000 },
    });
    expect(subscriptions.blog).toMatchObject({
      scaling: { processes: { min: 3, max: 3 } },
      hosts: ['blog.example.org'],
    });
    expect(subscriptions.news).toMatchObject({ scaling: { name: 'inline', processes: { min: 1, max: 5 } } });
    expect(subscriptions.cron).toMatchObject({ scaling: { processes: { min: 0, max: 0 } } });
    expect(store.path).toBe(join(directory, '../store'));
  });

  it('resolves what judges: signals, times, schedules, guards, prices and neighbours', async () => {
    const { subscriptions, partitions, guards } = await loadSpec(await fixture('everything'));
    expect(subscriptions.site?.scaling).toEqual({
      name: 'judged',
      processes: { min: 0, max: 4 },
      target: { loadAverage: 1.5, responseTime: 250, jobs: 12.5 },
      signals: {
        jobs: { command: ['/usr/bin/jobs', '--count'], on: 'vm', timeout: 500 },
        spare: { command: ['free'], on: 'process', timeout: 2000 },
      },
      schedules: [
        // The usual bounds are the subscription's own, 0 to 4; the maximum follows a minimum above it, and the other way round.
        { cron: '0 8 * * mon-fri', timezone: 'Europe/Berlin', duration: 36_000_000, processes: { min: 6, max: 6 } },
        { cron: '30 23 * * *', timezone: 'UTC', duration: 23_400_000, processes: { min: 0, max: 1 } },
        { cron: '0 0 25 12 *', timezone: 'UTC', duration: 86_400_000, processes: { min: 3, max: 3 } },
      ],
      tuning: {
        window: 120_000,
        panic: { window: 10_000, threshold: 1.5 },
        tolerance: 0.05,
        cooldown: { up: 30_000, down: 600_000 },
        downWindow: 900_000,
        step: { up: 4, down: 1 },
        predict: 60_000,
      },
    });
    expect(subscriptions.site?.idle).toMatchObject({ name: 'rest', wake: 'never', cpuBelow: 0.05, sessions: true });
    expect(subscriptions.shop).toMatchObject({ near: ['blog'], apart: ['news', 'site'] });
    expect(partitions.web).toMatchObject({
      placement: [{ iaas: 'lab', max: 4, weight: 2, price: 0.05 }],
      policy: {
        spare: { processes: 2, vms: 1 },
        scaleDown: { after: 300_000, below: 0.4, afterGrowth: 900_000 },
      },
    });
    expect(partitions.batch?.placement).toEqual([
      {
        iaas: 'lab',
        max: NO_BOUND,
        sizes: [
          { name: 'small', cpu: 1, memory: 2 ** 30, price: 0.02 },
          { cpu: 4, memory: 8 * 2 ** 30, disk: 40 * 2 ** 30 },
        ],
      },
    ]);
    expect(guards).toEqual({
      maxVms: 8,
      maxCostPerHour: 1.5,
      maxChangesPerRun: 20,
      disruption: 0.25,
      breaker: { bootFailures: 5, unreachable: 0.3 },
    });
  });

  it('keeps the panic window within a short window', async () => {
    const directory = await project({
      'stratos.yaml': [
        'apiVersion: stratos/v1',
        'iaas: { lab: { kind: local } }',
        'partitions: { web: { placement: [{ iaas: lab }] } }',
        'cartridges: { job: { image: job, partition: web } }',
        'subscriptions: { nightly: { cartridge: job, scaling: { window: 3s } } }',
      ].join('\n'),
    });
    const { subscriptions } = await loadSpec(directory);
    expect(subscriptions.nightly?.scaling.tuning).toMatchObject({ window: 3000, panic: { window: 3000 } });
  });

  it('reports guards that two files give', async () => {
    const main = 'apiVersion: stratos/v1\ninclude: [more.yaml]\nguards: { maxVms: 2 }\n';
    const directory = await project({ 'stratos.yaml': main, 'more.yaml': 'guards: { maxVms: 3 }\n' });
    await expect(loadSpec(directory)).rejects.toThrow(`${directory}/more.yaml:1:1: guards is defined twice`);
  });

  it('reads host keys of static hosts inline and from known_hosts', async () => {
    const { iaas } = await loadSpec(await fixture('static'));
    const rack = iaas.rack;
    if (rack?.kind !== 'static') throw new Error('rack must be static');
    const key = expect.stringMatching(/^ssh-ed25519 AAAA/) as string;
    expect(rack.hosts).toHaveLength(4);
    expect(rack.hosts.every((host) => host.hostKeys.length === 1)).toBe(true);
    expect(rack.hosts[1]).toEqual({
      name: 'rack2',
      address: '192.0.2.2',
      port: 2222,
      user: 'admin',
      key: join(homedir(), '.ssh/id_ed25519'),
      hostKeys: [key],
      jump: { address: 'bastion.example.org', port: 22, user: 'jump', hostKeys: [key] },
    });
  });

  it('joins included files in order and names both places of a name defined twice', async () => {
    const main = 'apiVersion: stratos/v1\ninclude: [subscriptions/*.yaml, base.yaml]\n';
    const base =
      'iaas: { lab: { kind: local } }\npartitions: { web: { placement: [{ iaas: lab }] } }\ncartridges: { job: { image: job, partition: web } }\n';
    const one = 'subscriptions:\n  a: { cartridge: job }\n';
    const files = { 'stratos.yaml': main, 'base.yaml': base, 'subscriptions/1.yaml': one };
    const { subscriptions } = await loadSpec(
      await project({ ...files, 'subscriptions/2.yaml': 'subscriptions: { b: { cartridge: job } }\n' }),
    );
    expect(Object.keys(subscriptions)).toEqual(['a', 'b']);

    const directory = await project({ ...files, 'subscriptions/2.yaml': `# again\n${one}` });
    await expect(loadSpec(directory)).rejects.toThrow(
      `${directory}/subscriptions/2.yaml:3:3: subscriptions.a is defined twice; first at ${directory}/subscriptions/1.yaml:2:3`,
    );
  });

  it('reports the problems of all files at once, and no dangling names for what is only malformed', async () => {
    const directory = await project({
      'stratos.yaml':
        'apiVersion: stratos/v1\ninclude: ["*.d.yaml"]\ncartridges: { job: { image: "A B", partition: web } }\n',
      'x.d.yaml': 'subscriptions: { a: { cartridge: job }, b: { cartridge: jub } }\n',
    });
    const error: unknown = await loadSpec(directory).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(InvalidSpecError);
    expect((error as InvalidSpecError).problems.map(({ path }) => path)).toEqual([
      'cartridges.job.image',
      'subscriptions.b.cartridge',
    ]);
    expect((error as InvalidSpecError).problems[1]?.suggestion).toBe('job');
  });

  it('says what to do when there is no spec', async () => {
    await expect(loadSpec(await tempDir())).rejects.toMatchObject({ code: 'PROJECT_FILE', hint: 'stratos init' });
  });

  it('reads 5,000 subscriptions within 2 s of CPU time', { timeout: 30_000 }, async () => {
    const lines = Array.from(
      { length: 5000 },
      (_, n) => `  s${String(n)}: { cartridge: job, env: { N: ${String(n)} } }\n`,
    );
    const directory = await project({
      'stratos.yaml': `apiVersion: stratos/v1\niaas: { lab: { kind: local } }\npartitions: { web: { placement: [{ iaas: lab }] } }\ncartridges: { job: { image: job, partition: web } }\nsubscriptions:\n${lines.join('')}`,
    });
    const start = cpuUsage();
    expect(Object.keys((await loadSpec(directory)).subscriptions)).toHaveLength(5000);
    const { user, system } = cpuUsage(start);
    expect((user + system) / 1000).toBeLessThan(2000);
  });
});

describe('generate', () => {
  it('agrees with the files in the repository', async () => {
    for (const [path, content] of generate())
      expect(await readFile(new URL(`../../../${path}`, import.meta.url), 'utf8'), path).toBe(content);
  });
});
