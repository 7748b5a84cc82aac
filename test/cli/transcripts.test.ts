import { describe, expect, it } from 'vitest';
import { NO_DECISIONS, NOTHING_MEASURED } from '../support/builders.ts';
import { instant, millis } from '../../src/model/quantity.ts';
import type { Observation } from '../../src/model/observation.ts';
import { REPORT } from './sample-status.ts';
import { SAMPLE_PLAN, VM_CREATE } from './sample-plan.ts';
import { anInventory, anOutcome, aPlan, aSpec, cli, memoryInventory } from './support.ts';

const observation: Observation = { at: instant(0), iaas: {}, vms: {} };
const planned = (plan = SAMPLE_PLAN, seen = observation) =>
  Promise.resolve({
    spec: aSpec(),
    inventory: anInventory(),
    observation: seen,
    ...NOTHING_MEASURED,
    decisions: NO_DECISIONS,
    plan,
  });

const status = () => Promise.resolve(REPORT);

describe('plan', () => {
  it('groups changes by partition and tells why', async () => {
    const { stdout, stderr, code } = await cli(['plan'], { use: { planRun: () => planned() }, width: 110 });
    expect(stdout).toMatchInlineSnapshot(`
      "web
        + vm      web-3 on lab, 2 CPU, 2Gi              shop-5 does not fit on 2 VMs
        ~ vm      web-2 start                           its machine is stopped
        ~ vm      web-4 take up machine m4 of lab       it carries our label
        ~ vm      web-3, web-4 prepare                  not prepared
        + image   php:8.2 to web-3, web-4               shop runs it
        + process shop-5 on web-3, php:8.2              shop wants 5 processes, has 4
        ~ process shop-2 start on web-1                 it is stopped
        ~ process shop-6 take up on web-4               it carries our label
        ~ gateway web-1, web-2 withdraw shop-1, shop-4  processes leave
        ~ process shop-1 replace on web-1, php:8.2      its image changed
        - process shop-4 from web-2                     web-2 is drained
        - process shop-3 forget on web-2                its container is gone
        - vm      web-2 release                         not needed
        - vm      web-5 forget                          its machine is gone

      ! web-1: container old-db is not ours
      = vm web-1 held: web keeps at least 1 VM
      ✗ shop: 1 of 6 not created: no VM takes more

      Plan: 1 VM and 1 process to create, 1 process to replace, 1 VM and 1 process to start, 1 VM and 1 process to take up, 2 VMs to prepare, 1 VM and 1 process to remove, 1 VM and 1 process to forget, 2 image copies, 2 gateways to configure
      "
    `);
    expect([code, stderr]).toEqual([0, '']);
  });

  it('is one line when there is nothing to do', async () => {
    const { stdout, code } = await cli(['plan', '--detailed-exitcode'], { use: { planRun: () => planned(aPlan()) } });
    expect([stdout, code]).toEqual(['nothing to do: 4 processes on 2 VMs as specified\n', 0]);
  });

  it('ends with 2 when asked for changes and for what cannot be had, 5 when a VM is silent', async () => {
    expect((await cli(['plan', '--detailed-exitcode'], { use: { planRun: () => planned() } })).code).toBe(2);
    const holds = [{ target: 'shop', reason: '1 of 4 not created' }];
    const held = (unmet: object) => aPlan({ holds: holds.map((hold) => ({ ...hold, ...unmet })) });
    for (const [plan, code] of [
      [held({}), 0],
      [held({ unmet: true }), 2],
    ] as const)
      expect((await cli(['plan', '--detailed-exitcode'], { use: { planRun: () => planned(plan) } })).code).toBe(code);
    const silent: Observation = {
      ...observation,
      vms: { 'web-1': { status: 'unreachable', reason: 'timeout', message: 'no answer' } },
    };
    const { code, stdout } = await cli(['plan'], { use: { planRun: () => planned(aPlan(), silent) } });
    expect([code, stdout.split('\n')[0]]).toEqual([5, '✗ web-1: no answer']);
  });

  it('saves to a file and says how to apply it', async () => {
    const saved: unknown[] = [];
    const savePlan = (...args: unknown[]) => Promise.resolve(void saved.push(args));
    const { stdout } = await cli(['plan', '-o', 'out.yaml', '-q'], { use: { planRun: () => planned(), savePlan } });
    expect([saved, stdout]).toEqual([[['out.yaml', SAMPLE_PLAN]], '']);
  });
});

describe('status', () => {
  it('shows subscriptions, VMs and what does not answer', async () => {
    const { stdout, code } = await cli(['status', '--refresh'], { use: { status } });
    expect(stdout).toMatchInlineSnapshot(`
      "ALIAS  CARTRIDGE  PARTITION  READY  BOUNDS  URL
      shop   php        web          2/3  2–20    http://192.0.2.1:8080 (+1)
      cron   busy       jobs         0/0  0       -

      VM     PARTITION  STATE                  IAAS  ADDRESS    PROCESSES
      web-1  web        ready                  lab   192.0.2.1          2
      web-2  web        unreachable, cordoned  lab   192.0.2.2          1
      web-3  web        creating               lab   -                  0

      ✗ shop-3 on web-2: did not answer on port 80 in 60s

      ~ shop: 3 → 4: requestsInFlight needs 4: ceil(61 / 20)

      ~ jobs: cloud has no capacity since 12:03 UTC, and is asked again at 12:13 UTC

      partitions without VMs: jobs

      ✗ web-2: Cannot reach web-2 as the connection timed out: 192.0.2.2:22
      "
    `);
    expect(code).toBe(5);
  });

  it('cuts the widest column on a narrow terminal', async () => {
    const { stdout } = await cli(['status'], { use: { status }, width: 60 });
    for (const line of stdout.split('\n').slice(0, 3)) expect(line.length).toBeLessThanOrEqual(60);
    expect(stdout).toContain('…');
  });

  it('tells an empty project what to do first', async () => {
    const empty = { ...REPORT, partitions: [], subscriptions: [], unreachable: [] };
    const { stdout, code } = await cli(['status'], { use: { status: () => Promise.resolve(empty) } });
    expect(stdout).toMatchInlineSnapshot(`
      "no subscriptions: stratos subscribe ALIAS --cartridge NAME

      no VMs yet: stratos reconcile
      "
    `);
    expect(code).toBe(0);
  });

  it('lists processes without control characters of the far side', async () => {
    const { stdout } = await cli(['process', 'ls', 'shop'], { use: { status } });
    expect(stdout).toMatchInlineSnapshot(`
      "PROCESS  CARTRIDGE  STATE   VM     ADDRESS    IMAGE           AGE  FAILURE
      shop-1   php        ready   web-1  10.66.0.2  0123456789ab     1h  -
      shop-2   php        ready   web-1  10.66.0.3  0123456789ab     1m  -
      shop-3   php        failed  web-2  10.66.0.2  0123456789ab  500ms  did not answer on port 80 in 60s
      "
    `);
  });

  it('shows one VM with its processes', async () => {
    const { stdout } = await cli(['vm', 'show', 'web-1'], { use: { status } });
    expect(stdout).toMatchInlineSnapshot(`
      "name       web-1
      partition  web
      iaas       lab, north
      state      ready
      address    192.0.2.1
      processes  2
                 shop-1  ready
                 shop-2  ready
      "
    `);
  });
});

describe('reconcile', () => {
  it('is quiet when there is nothing to do', async () => {
    const { stdout, code } = await cli(['reconcile'], { use: { reconcile: () => Promise.resolve(anOutcome()) } });
    expect([stdout, code]).toEqual(['nothing to do: 4 processes on 2 VMs as specified\n', 0]);
  });

  it('tells failures with their hint and ends with 5, or 1 when nothing was done', async () => {
    const failed = [
      {
        action: VM_CREATE,
        code: 'IAAS',
        message: 'Cannot create web-3 as lab has no capacity',
        hint: 'stratos doctor',
      },
    ];
    const some = await cli(['reconcile'], {
      use: { reconcile: () => Promise.resolve(anOutcome({ done: 3, skipped: 2, failed })) },
    });
    expect(some.stdout).toMatchInlineSnapshot(`
      "✗ creating vm web-3: Cannot create web-3 as lab has no capacity
          stratos doctor
      3 actions done, 1 failed, 2 skipped in 42ms
      "
    `);
    expect(some.code).toBe(5);
    const none = await cli(['reconcile'], { use: { reconcile: () => Promise.resolve(anOutcome({ failed })) } });
    expect(none.code).toBe(1);
  });

  it('tells alarms first and ends with 5, although nothing failed', async () => {
    const alarms = ['the last 3 machines of web did not come up, and one is tried again in 5m'];
    const { stdout, code } = await cli(['reconcile'], {
      use: { reconcile: () => Promise.resolve(anOutcome({ alarms })) },
      deps: { inventory: memoryInventory(anInventory()) },
    });
    expect(code).toBe(5);
    expect(stdout).toMatch(/^! the last 3 machines of web did not come up/);
  });

  it('is no success while something that was asked for cannot be had, and is one while it is only put off', async () => {
    const ended = (unmet: object) =>
      cli(['reconcile'], {
        use: {
          reconcile: () =>
            Promise.resolve(
              anOutcome({ plan: aPlan({ holds: [{ target: 'shop', reason: '1 of 5 not created', ...unmet }] }) }),
            ),
        },
        deps: { inventory: memoryInventory(anInventory()) },
      });
    const unmet = await ended({ unmet: true });
    expect([unmet.stdout, unmet.code]).toEqual([
      '✗ shop: 1 of 5 not created\nnothing else to do: 4 processes on 2 VMs\n',
      5,
    ]);
    const putOff = await ended({});
    expect([putOff.stdout, putOff.code]).toEqual([
      '= shop held: 1 of 5 not created\nnothing else to do: 4 processes on 2 VMs\n',
      0,
    ]);
  });

  it('with --quiet prints nothing but failures, on standard error', async () => {
    const well = await cli(['reconcile', '-q'], { use: { reconcile: () => Promise.resolve(anOutcome({ done: 3 })) } });
    expect([well.stdout, well.stderr, well.code]).toEqual(['', '', 0]);
    const unreachable = [{ vm: 'web-1', message: 'no answer' }];
    const ill = await cli(['reconcile', '-q'], {
      use: { reconcile: () => Promise.resolve(anOutcome({ unreachable })) },
    });
    expect([ill.stdout, ill.stderr, ill.code]).toEqual([
      '',
      '✗ web-1: no answer\nnothing else to do: 4 processes on 2 VMs\n',
      5,
    ]);
  });

  it('with --watch prints rounds that did something, and 130 when interrupted', async () => {
    const interrupt = new AbortController();
    const { stdout, code } = await cli(['reconcile', '--watch', '30s'], {
      signal: interrupt.signal,
      use: {
        watch: (_deps, limits, every, onRound) => {
          expect([every, limits.signal]).toEqual([millis(30_000), interrupt.signal]);
          for (const done of [0, 0, 3, 0]) onRound(anOutcome({ done }));
          interrupt.abort();
          return Promise.resolve();
        },
      },
    });
    expect(stdout).toBe('nothing to do: 4 processes on 2 VMs as specified\n3 actions done in 42ms\n');
    expect(code).toBe(130);
  });

  it('with --dry-run only plans', async () => {
    const { stdout } = await cli(['reconcile', '--dry-run', '--only', 'shop'], {
      use: {
        planRun: (_deps, limits) => {
          expect(limits.only).toEqual(['shop']);
          return planned(aPlan());
        },
      },
    });
    expect(stdout).toBe('nothing to do: 4 processes on 2 VMs as specified\n');
  });

  it('refuses to watch a dry run', async () => {
    const { stderr, code } = await cli(['reconcile', '--dry-run', '--watch', '1s']);
    expect([code, stderr]).toEqual([64, expect.stringContaining('Cannot watch a dry run')]);
  });
});

describe('destroy', () => {
  const destroy = () => Promise.resolve({ vms: 2, processes: 4, failed: [] });

  it('never asks without a terminal', async () => {
    const { code, stderr } = await cli(['destroy'], { use: { destroy: () => Promise.reject(new Error('destroyed')) } });
    expect([code, stderr]).toEqual([
      64,
      'error: Cannot ask for a confirmation as there is no terminal. This ends 4 processes on 2 VMs of /srv/fleet, for good\n    stratos destroy --yes\n',
    ]);
  });

  it('goes on for --yes, or for the name of the project', async () => {
    expect((await cli(['destroy', '--yes'], { use: { destroy } })).stdout).toBe('destroyed 2 VMs and 4 processes\n');
    const typed = await cli(['destroy'], { use: { destroy }, terminal: true, answers: ['fleet'] });
    expect([typed.code, typed.stdout]).toEqual([0, 'destroyed 2 VMs and 4 processes\n']);
  });

  it('changes nothing for any other answer', async () => {
    const use = { destroy: () => Promise.reject(new Error('destroyed')) };
    for (const answers of [['y'], [], ['']]) {
      const { code, stdout, stderr } = await cli(['destroy'], { use, terminal: true, answers });
      expect([code, stdout]).toEqual([130, '']);
      expect(stderr).toContain('error: Nothing was changed');
    }
  });
});

describe('edits', () => {
  it('say what follows, or that nothing changed', async () => {
    const edited = (changed: boolean) => () => Promise.resolve({ file: '/srv/fleet/stratos.yaml', changed });
    const args = ['scale', 'shop', '--min', '2', '--max', '4'];
    expect((await cli(args, { use: { scale: edited(true) } })).stdout).toBe(
      'scaled shop to at least 2 and at most 4\nnext: stratos reconcile\n',
    );
    expect((await cli(args, { use: { scale: edited(false) } })).stdout).toBe('nothing to do: shop is so already\n');
  });

  it('with --reconcile act on the alias alone and print one document', async () => {
    const { stdout } = await cli(['unsubscribe', 'shop', '--reconcile', '-o', 'json'], {
      use: {
        unsubscribe: () => Promise.resolve({ file: '/srv/fleet/stratos.yaml', changed: true }),
        reconcile: (_deps, limits) => {
          expect(limits.only).toEqual(['shop']);
          return Promise.resolve(anOutcome({ done: 2 }));
        },
      },
    });
    expect(JSON.parse(stdout)).toMatchObject({ kind: 'ReconcileResult', changed: true, done: 2 });
  });
});

describe('doctor, events, inventory', () => {
  it('doctor puts the fix below what it mends', async () => {
    const checks = [
      { target: 'this machine', name: 'rsync', level: 'ok', message: 'installed' },
      { target: 'web-1', name: 'disk', level: 'warn', message: '512Mi free', fix: 'stratos vm ssh web-1 -- df -h' },
      { target: 'web-1', name: 'preparation', level: 'fail', message: 'not prepared', fix: 'stratos vm prepare web-1' },
    ] as const;
    const { stdout, code } = await cli(['doctor'], { use: { doctor: () => Promise.resolve(checks) } });
    expect(stdout).toMatchInlineSnapshot(`
      "this machine
        ✓ rsync  installed

      web-1
        ! disk         512Mi free
            stratos vm ssh web-1 -- df -h
        ✗ preparation  not prepared
            stratos vm prepare web-1

      1 failed, 1 warning of 3 checks
      "
    `);
    expect(code).toBe(1);
  });

  it('events shows outcomes, the newest last, and everything with --all', async () => {
    const logged = [
      { type: 'action.started', action: VM_CREATE },
      { type: 'action.finished', action: VM_CREATE, ms: 2100 },
      { type: 'warning', message: 'took over the lock of a dead process' },
    ] as const;
    const readEvents = () =>
      Promise.resolve(
        logged.map((event, i) => ({
          version: 1 as const,
          at: `2026-05-01T10:00:0${String(i)}.123Z`,
          run: '7f3a0000-1111',
          event,
        })),
      );
    expect((await cli(['events'], { use: { readEvents }, width: 200 })).stdout).toMatchInlineSnapshot(`
      "TIME                  RUN       EVENT     TOOK  WHAT                                  WHY
      2026-05-01T10:00:01Z  7f3a0000  finished  2.1s  vm web-3 on lab, 2 CPU, 2Gi           shop-5 does not fit on 2 VMs
      2026-05-01T10:00:02Z  7f3a0000  warning      -  took over the lock of a dead process  -
      "
    `);
    expect(
      (await cli(['events', '--all', '-n', '2'], { use: { readEvents }, width: 200 })).stdout.split('\n'),
    ).toHaveLength(4);
  });

  it('inventory ls names the holder of the lock and how to break it', async () => {
    const holder = {
      id: '7f3a',
      operation: 'reconcile',
      who: 'ana',
      host: 'ops1',
      pid: 4711,
      version: '0.1.0',
      since: '2026-05-01T10:00:00Z',
    };
    const inventory = memoryInventory(anInventory(), { holder: () => Promise.resolve(holder) });
    expect((await cli(['inventory', 'ls'], { deps: { inventory } })).stdout).toMatchInlineSnapshot(`
      "inventory  /srv/fleet/inventory.yaml
      serial     7
      lineage    6f0d7c1e-0000-4000-8000-000000000001
      holds      4 processes on 2 VMs
      lock       ana@ops1 (pid 4711) for "reconcile" since 2026-05-01T10:00:00Z
      unlock     stratos inventory unlock 7f3a
      "
    `);
  });
});
