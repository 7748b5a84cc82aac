/** Load makes processes and VMs, its end takes them away, and nobody who asks is sent away: on real VMs, through a real gateway. */
import { chmod, cp, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { SignalNeed } from '../../src/model/decision.ts';
import { DEFAULT_TUNING } from '../../src/model/policy.ts';
import { eventsOf, plannedKinds, until } from '../support/fleet.ts';
import { startLoad } from '../support/http-load.ts';
import { STATIC_CARTRIDGE, testProject, type RunningCli, type TestProject } from '../support/project.ts';

const SPEC = `
policies:
  partition:
    elastic:
      vms: { min: 1, max: 3 }
      vm: { cpu: 2, memory: 1Gi }
      processesPerVm: 3
      scaleDown: { after: 3s, afterGrowth: 3s }
  scaling:
    busy:
      processes: { min: 2, max: 8 }
      target: { requestsInFlight: 2 }
      window: 6s
      panic: { window: 3s, threshold: 2 }
      downWindow: 4s
      cooldown: { up: 0s, down: 2s }
partitions:
  web: { policy: elastic, placement: [{ iaas: lab }] }
cartridges:
  slow:
    image: slow:1
    partition: web
    ports: { http: 80 }
    health: { path: / }
    resources: { memory: 32Mi, cpu: 0.1 }
subscriptions:
  shop: { cartridge: slow, scaling: busy, port: 8080 }
`;

interface Explained {
  readonly decision: {
    readonly desired: number;
    readonly current: number;
    readonly needs: readonly SignalNeed[];
    readonly reasons: readonly string[];
  };
}

let project: TestProject;
let url: string;
let watching: RunningCli | undefined;

const explain = async (): Promise<Explained['decision']> =>
  (JSON.parse((await project.must('explain', 'shop', '-o', 'json')).stdout) as Explained).decision;
const sizes = async () => {
  const { subscriptions, partitions } = await project.status();
  return {
    ready: subscriptions[0]?.ready ?? 0,
    total: subscriptions[0]?.total ?? 0,
    vms: partitions[0]?.vms.length ?? 0,
  };
};

beforeAll(async () => {
  project = await testProject(SPEC);
  // Each answer of /cgi-bin/slow takes a fifth of a second, so that clients are requests in flight.
  const cartridge = path.join(project.site.directory, 'slow');
  await cp(STATIC_CARTRIDGE, cartridge, { recursive: true });
  const script = path.join(cartridge, 'www/cgi-bin/slow');
  await mkdir(path.dirname(script), { recursive: true });
  await writeFile(script, '#!/bin/sh\nsleep 0.2\nprintf "Content-Type: text/plain\\r\\n\\r\\nslow\\n"\n');
  await chmod(script, 0o755);
  await project.must('cartridge', 'build', cartridge, '--tag', 'slow:1');
  await project.must('reconcile');
  url = `${(await project.status()).subscriptions[0]?.urls[0] ?? ''}/cgi-bin/slow`;
}, 300_000);
afterAll(async () => {
  await endWatch();
  await project.dispose();
});

/** Ends the watch, where one is left. */
async function endWatch(): Promise<void> {
  watching?.child.kill('SIGINT');
  await watching?.result;
  watching = undefined;
}

describe('autoscaling', () => {
  test('begins at rest: the least processes on one VM', async () => {
    expect(await sizes()).toEqual({ ready: 2, total: 2, vms: 1 });
    expect(await plannedKinds(project)).toEqual([]);
  });

  test('goes from 2 to 8 processes and from 1 to 3 VMs with the load, and back, without a request lost', async () => {
    const atRest = async (): Promise<boolean> => {
      const now = await sizes();
      return now.total === 2 && now.vms === 1;
    };
    const background = startLoad({ url, clients: 1, keepAlive: false });
    watching = project.start('reconcile', '--watch', '1s', '--events', 'json');
    onTestFinished(endWatch);
    // A second try begins where the first one ended.
    await until('2 processes are on one VM', atRest, 120_000);
    const rush = startLoad({ url, clients: 16, keepAlive: false });
    onTestFinished(async () => {
      await Promise.all([background.stop(), rush.stop()]);
    });
    await until(
      '8 processes on 3 VMs are ready',
      async () => {
        const now = await sizes();
        return now.ready === 8 && now.vms === 3;
      },
      120_000,
    );

    const decision = await explain();
    // What is measured at that moment may be a little less than what brought the eighth.
    expect(decision).toMatchObject({ current: 8 });
    expect(decision.desired).toBeGreaterThanOrEqual(6);
    const need = decision.needs.find(({ signal }) => signal === 'requestsInFlight');
    expect(need?.stable).toBeGreaterThan(10);
    // As the formula of `explain` says: rounded up, but the count that was decided last as long as it is within the tolerance of that.
    const exact = (need?.stable ?? 0) / 2;
    const held = Number(/ within \S+ of (\d+) /.exec(need?.formula ?? '')?.[1] ?? Number.NaN);
    const near = Math.abs(exact / held - 1) <= DEFAULT_TUNING.tolerance;
    expect(need?.need, need?.formula).toBe(near ? held : Math.ceil(exact));

    const rushed = await rush.stop();
    await until('2 processes on one VM are left', atRest, 120_000);
    const calm = await background.stop();
    expect({ rushed: rushed.failures, calm: calm.failures }).toEqual({ rushed: {}, calm: {} });
    expect(rushed.requests).toBeGreaterThan(100);

    watching.child.kill('SIGINT');
    const events = eventsOf(watching);
    await watching.result;
    watching = undefined;
    // Each change says what was measured.
    const grown = events.flatMap((event) =>
      event.type === 'action.started' && event.action.kind === 'process.create' ? [event.action.reason] : [],
    );
    expect(grown.length).toBeGreaterThanOrEqual(6);
    expect(grown.join('\n')).toMatch(/requestsInFlight/);
  }, 300_000);

  test('stays at rest when nothing happens', async () => {
    expect(await plannedKinds(project)).toEqual([]);
  });
});
