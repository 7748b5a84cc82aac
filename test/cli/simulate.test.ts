import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { simulateCommand, type SimulateOptions } from '../../src/commands/simulate.ts';
import { projectUseCases } from '../../src/compose/project-use-cases.ts';
import { loadSpec } from '../../src/inventory/load-spec.ts';
import { sampleStore } from '../../src/inventory/sample-store.ts';
import type { VmRecord } from '../../src/model/inventory.ts';
import { bytes, cores, instant } from '../../src/model/quantity.ts';
import { runSimulation } from '../../src/reconcile/simulation.ts';
import { anInventory } from '../support/builders.ts';
import { cli, someContext, someDeps } from './support.ts';
import { Command } from 'commander';

const NOW = Date.UTC(2026, 4, 1, 12);
/** Machines that there are; a test of costs makes one. */
let machines: readonly VmRecord[] = [];

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'stratos-simulate-'));
  await writeFile(
    join(directory, 'stratos.yaml'),
    `apiVersion: stratos/v1
iaas: { lab: { kind: local } }
policies:
  partition: { pool: { vms: 1, vm: { cpu: 4, memory: 4Gi } } }
  scaling:
    two: { processes: 2 }
    four: { processes: 4 }
partitions: { web: { policy: pool, placement: [{ iaas: lab, price: 0.1 }] } }
cartridges: { php: { image: php, partition: web, ports: { http: 80 } } }
subscriptions:
  shop: { cartridge: php, scaling: two, port: 80 }
  blog: { cartridge: php, scaling: two, port: 81 }
`,
  );
  await writeFile(join(directory, 'load.csv'), 'time,requestsPerSecond\n0,100\n1800,250\n3600,100\n5400,100\n');
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const run = (...args: string[]) =>
  cli(args, {
    width: 120,
    use: { ...projectUseCases, simulate: runSimulation },
    deps: {
      ...{ directory, loadSpec: () => loadSpec(directory), now: () => instant(NOW) },
      inventory: { ...someDeps().inventory, read: () => Promise.resolve(anInventory({ vms: machines })) },
    },
  });

describe('simulate', () => {
  it('adds up what a trace comes to', async () => {
    const { stdout, code, stderr } = await run('simulate', '--trace', join(directory, 'load.csv'), '--alias', 'shop');
    // 200 requests/s are what 2 processes answer: for half an hour 250 come, of which 50 are refused when the queue is full.
    expect(stdout).toMatchInlineSnapshot(`
      "2h from 2026-01-05T00:00:00Z in steps of 10s, a run every 1m
      load: load.csv
      one process answers 100 requests/s: 10 side by side, 100ms each; slow is over 500ms

      SUBSCRIPTION  REQUESTS   SLOW  REFUSED  MEAN  MAX  PROCESS-HOURS  WAKES  THRASH
      shop              990k  36.8%    8.89%     2    2              4      0       0

      VMs: 1 on average, 1 at most, 1 made, 0 removed; 2 VM-hours, cost 0.2
      "
    `);
    expect([code, stderr]).toEqual([0, '']);
  });

  it('compares two policies', async () => {
    const load = join(directory, 'load.csv');
    const { stdout } = await run('simulate', '--trace', load, '--alias', 'shop', '--compare', 'two', 'four');
    expect(stdout).toMatchInlineSnapshot(`
      "2h from 2026-01-05T00:00:00Z in steps of 10s, a run every 1m
      load: load.csv
      one process answers 100 requests/s: 10 side by side, 100ms each; slow is over 500ms

                         two    four  DIFFERENCE
      requests          990k    990k           =
      slow or refused  45.7%  <0.01%       −100%
      refused            88k       0       −100%
      process-hours        4       8       +100%
      processes, mean      2       4       +100%
      processes, most      2       4       +100%
      VM-hours             2       2           =
      VMs, most            1       1           =
      cost               0.2     0.2           =
      "
    `);
  });

  it('compares two specs, and says which of them lacks a subscription', async () => {
    const spec = await readFile(join(directory, 'stratos.yaml'), 'utf8');
    await writeFile(join(directory, 'big.yaml'), spec.replace('vms: 1', 'vms: 2'));
    await writeFile(join(directory, 'small.yaml'), spec.replace(/ {2}blog.*\n/, ''));
    const { stdout } = await run('simulate', '--alias', 'shop', '--compare', 'stratos.yaml', 'big.yaml');
    expect(stdout).toMatch(/VM-hours +24 +48 +\+100%/);
    const { stderr, code } = await run('simulate', '--compare', 'big.yaml', 'small.yaml');
    expect(stderr).toContain('Cannot compare as small.yaml has no subscription blog');
    expect(code).toBe(1);
    expect((await run('simulate', '--compare', 'big.yaml', 'none.yaml')).stderr).toContain('there is no such file');
  });

  it('takes a trace so many times', async () => {
    const { stdout } = await run(
      'simulate',
      '--trace',
      join(directory, 'load.csv'),
      '--alias',
      'shop',
      '--scale',
      '0.1',
    );
    expect(stdout).toContain('load: load.csv × 0.1');
    expect(stdout).toMatch(/shop +99k +0%/);
  });

  it('prints one document, without curves', async () => {
    const { stdout } = await run('simulate', '--shape', 'step', '--duration', '1h', '-o', 'json');
    const { kind, results, loads } = JSON.parse(stdout) as { kind: string; results: object[]; loads: object };
    expect(kind).toBe('Simulation');
    expect(Object.keys(results[0] ?? {})).toEqual([
      'name',
      'start',
      'duration',
      'step',
      'runs',
      'subscriptions',
      'all',
      'vms',
      'alarms',
      'notes',
    ]);
    expect(loads).toEqual({ shop: 'step, 10 to 100 requests/s', blog: 'step, 10 to 100 requests/s' });
  });

  it('writes a page that holds all it needs', async () => {
    const html = join(directory, 'page.html');
    const { stdout } = await run('simulate', '--shape', 'day', '--html', html);
    expect(stdout.split('\n').at(-2)).toBe(`wrote ${html}`);
    const page = await readFile(html, 'utf8');
    expect(page).toContain('<h2>blog</h2>');
    expect(page).toContain('uPlot=function');
    expect(page).not.toMatch(/(src|href)="|@import|url\(/);
  });

  it.each([
    [['--alias', 'shpo'], 'Cannot find the subscription: shpo; did you mean shop?'],
    [['--compare', 'two', 'fuor'], 'Cannot find the scaling policy: "fuor"; did you mean four?'],
    [['--compare', 'two'], 'Cannot compare 1: --compare takes two names'],
    [['--trace', 'x.csv', '--shape', 'day'], 'Cannot simulate more than one load at a time: --trace, --shape'],
    [['--trace', 'x.csv', '--peak', '9'], 'Cannot take --base and --peak without --shape'],
    [['--shape', 'day', '--scale', '9'], 'Cannot take --scale without --trace or --recorded'],
    [['--since', '2h'], 'Cannot take --since without --recorded'],
    [['--base', '9', '--peak', '8'], '--base must not be above --peak: 9 > 8'],
    [['--duration', '5s'], 'Cannot simulate as the time is shorter than one step: 5s < 10s'],
    [['--duration', '9000d'], 'Cannot simulate as that is more than 1000000 steps'],
    [['--recorded'], 'Cannot simulate as nothing was recorded of any subscription yet'],
    [['--trace', 'none.csv'], 'Cannot read the trace as there is no such file: none.csv'],
  ])('refuses %j', async (args, message) => {
    const { stderr, code } = await run('simulate', ...args);
    expect(stderr).toContain(message);
    expect(code).not.toBe(0);
  });

  it('refuses a shape that it does not know, a load below nothing and a wrong time', async () => {
    for (const args of [
      ['--shape', 'wave'],
      ['--peak', '-1'],
      ['--service-time', '0s'],
      ['--from', 'now'],
      ['--scale', '0'],
    ])
      expect((await run('simulate', ...args)).code).toBe(64);
  });

  it('understands its options', async () => {
    const given: SimulateOptions[] = [];
    const command = new Command().exitOverride();
    simulateCommand(command, someContext(), (options) => {
      given.push(options);
      return Promise.resolve(0);
    });
    await command.parseAsync(
      ['--shape', 'flash', '--peak', '800', '--concurrency', '4', '--every', '10s', '--compare', 'a', 'b.yaml'],
      { from: 'user' },
    );
    expect(given[0]).toMatchObject({
      load: { kind: 'shape', shape: 'flash', peak: 800 },
      request: {
        step: 10_000,
        every: 10_000,
        service: { concurrency: 4 },
        delays: { boot: 60_000, start: 2000, wake: 40 },
        compare: ['a', 'b.yaml'],
      },
    });
    expect(given[0]?.load).not.toHaveProperty('base');
  });
});

describe('report', () => {
  beforeAll(async () => {
    const store = sampleStore(directory, { onWarning: () => undefined });
    for (let minute = 0; minute < 30; minute += 1)
      await store.append({
        at: instant(NOW - (30 - minute) * 60_000),
        samples: {
          shop: {
            at: instant(NOW - (30 - minute) * 60_000),
            count: 2,
            sums: { requestsPerSecond: 40, requestsInFlight: 4, responseTime: 200, cpu: 0.5, memory: 0.8, jobs: 7 },
          },
        },
      });
  });

  it('shows what was measured', async () => {
    const { stdout, code } = await run('report');
    expect(stdout).toMatchInlineSnapshot(`
      "SUBSCRIPTION  SAMPLES  OVER  PROCESSES  REQUESTS  REQUESTS/S  IN FLIGHT       RESPONSE        CPU     MEMORY
      shop               30   29m      2 / 2     69.6k     40 / 40      4 / 4  100ms / 100ms  25% / 25%  40% / 40%
      each as mean / most
      "
    `);
    expect(code).toBe(0);
    const document = JSON.parse((await run('report', 'shop', '-o', 'json')).stdout) as object;
    expect(document).toMatchObject({
      kind: 'Report',
      subscriptions: {
        shop: { samples: 30, requests: 29 * 60 * 40, processes: { mean: 2, max: 2 }, cpu: { mean: 0.25 } },
      },
    });
  });

  it('shows what machines cost, and whose part it is', async () => {
    const size = { cpu: cores(4), memory: bytes(2 ** 32) };
    const marks = { cordoned: false, draining: false, createdAt: new Date(NOW - 10 * 3_600_000).toISOString() };
    machines = [{ name: 'web-1', partition: 'web', iaas: 'lab', state: 'ready', machine: 'm-1', size, ...marks }];
    try {
      expect((await run('report')).stdout).toMatch(/\nPARTITION +VM-HOURS +COST +OF IT\nweb +10 +1 +shop 1\n/);
      const { costs } = JSON.parse((await run('report', '-o', 'json')).stdout) as { costs: object };
      expect(costs).toMatchObject({
        web: { vmHours: 10, unpricedHours: 0, cost: 1, subscriptions: { shop: 1 } },
      });
    } finally {
      machines = [];
    }
  });

  it('says when there is nothing, and leaves out what was not asked for', async () => {
    expect((await run('report', 'blog')).stdout).toBe('nothing was measured in this time\n');
    expect((await run('report', '--since', '2026-05-01T11:59:30Z')).stdout).toBe('nothing was measured in this time\n');
  });

  it('writes a page', async () => {
    const html = join(directory, 'report.html');
    await run('report', '--html', html);
    const page = await readFile(html, 'utf8');
    expect(page).toContain('<figcaption>jobs');
    expect(page).toContain('<h2>shop</h2>');
  });

  it('is a load that can be simulated again', async () => {
    const { stdout } = await run('simulate', '--recorded', '--alias', 'shop');
    expect(stdout).toContain('30m from 2026-05-01T11:30:00Z');
    expect(stdout).toContain('load: recorded');
    // 40 requests/s over half an hour.
    expect(stdout).toMatch(/shop +72k +0%/);
  });
});
