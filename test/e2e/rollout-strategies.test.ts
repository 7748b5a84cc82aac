/** Rollouts that take their time: batches, canaries, blue/green, and what becomes of one that fails. Real VMs, clients all the time. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectConverged, plannedKinds, reconcileUntil } from '../support/fleet.ts';
import { startLoad } from '../support/http-load.ts';
import { rolloutLab, WANTED, type RolloutLab } from '../support/rollout-lab.ts';

/** A page that answers, and one that fails, at a path that no health check asks. */
const GOOD = '#!/bin/sh\nprintf "HTTP/1.0 200 OK\\r\\nContent-Length: 3\\r\\n\\r\\nok\\n"\n';
const FAULTY = '#!/bin/sh\nprintf "HTTP/1.0 500 Fault\\r\\nContent-Length: 3\\r\\n\\r\\nno\\n"\n';

let lab: RolloutLab;
beforeAll(async () => {
  lab = await rolloutLab();
  for (const version of ['2', '3', '4', '5', '6', '7', '8', '9'])
    await lab.build(version, { pages: { 'cgi-bin/deep': GOOD } });
  await lab.build('faulty', { pages: { 'cgi-bin/deep': FAULTY } });
  await lab.build('bad', { broken: true });
}, 300_000);
afterAll(() => lab.project.dispose());

const rollout = (...args: readonly string[]) => lab.project.must('rollout', ...args);

/** Images of the ready processes, by how many have each. */
async function images(): Promise<Readonly<Record<string, number>>> {
  const counts: Record<string, number> = {};
  const names = new Map((await lab.history()).map(({ image, reference }) => [image, reference]));
  for (const { image, state } of await lab.processes())
    if (state === 'ready') counts[names.get(image) ?? image] = (counts[names.get(image) ?? image] ?? 0) + 1;
  return counts;
}

/** Answers by page over a number of requests, each on a connection of its own. */
async function pages(requests: number): Promise<Readonly<Record<string, number>>> {
  const counts: Record<string, number> = {};
  const url = await lab.url();
  for (let n = 0; n < requests; n += 1) {
    await sleep(Math.random() * 10);
    const text = (await (await fetch(url, { headers: { connection: 'close' } })).text()).trim();
    counts[text] = (counts[text] ?? 0) + 1;
  }
  return counts;
}

async function expectAll(version: string): Promise<void> {
  await expectConverged(lab.project);
  expect(await images()).toEqual({ [`static:${version}`]: WANTED });
}

describe('batches', () => {
  test('go one after the other, with a pause, and never more or fewer than the policy says', async () => {
    await lab.policy('{ batch: 50%, pause: 3s, minHealthy: 1s }');
    const seen: Record<string, number>[] = [];
    await lab.underLoad(async () => {
      await rollout('shop', '--image', 'static:2');
      const { state, waits } = await lab.status();
      expect(state).toBe('rolling');
      expect(waits).toMatch(/healthy for 1s|next begins at/);
      await lab.reconcileUntil('two batches', async () => {
        seen.push({ ...(await images()) });
        return (await lab.status()).state === 'succeeded';
      });
    });
    await expectAll('2');
    for (const counts of seen) {
      const [fresh, old] = [counts['static:2'] ?? 0, counts['static:1'] ?? 0];
      expect(fresh + old).toBeLessThanOrEqual(WANTED + 1);
      expect(fresh + old).toBeGreaterThanOrEqual(WANTED);
    }
    // It stood between the batches.
    expect(seen.map((counts) => counts['static:2'] ?? 0)).toContain(2);
  });

  test('stop at a pause by hand, in which nothing is planned, and go on', async () => {
    await lab.underLoad(async () => {
      await rollout('shop', '--image', 'static:3');
      await rollout('pause', 'shop');
      const before = await images();
      expect(await plannedKinds(lab.project)).toEqual([]);
      await lab.project.must('reconcile');
      expect(await images()).toEqual(before);
      expect((await lab.status()).waits).toMatch(/^the rollout is paused since /);
      await rollout('resume', 'shop', '--wait');
    });
    await expectAll('3');
  });

  test('go on after a kill in the middle', async () => {
    await lab.underLoad(async () => {
      await lab.project.editSpec('image: static:3', 'image: static:2');
      await reconcileUntil(lab.project, { kind: 'process.create', after: 50 }, 'SIGKILL');
      await lab.project.stratos('reconcile');
      await rollout('shop', '--wait');
    });
    await expectAll('2');
  });
});

describe('a canary', () => {
  test('gets its share of the requests and waits to be promoted', async () => {
    await lab.policy('{ strategy: canary, minHealthy: 1s, canary: { share: 20%, processes: 1 } }');
    await lab.underLoad(async () => {
      const { stdout } = await rollout('shop', '--image', 'static:4', '--wait');
      expect(stdout).toContain('its canary gets 20% of the requests and waits to be promoted');
      expect(await images()).toEqual({ 'static:2': WANTED, 'static:4': 1 });
      expect(await plannedKinds(lab.project)).toEqual([]);
      const counts = await pages(200);
      // Others ask at the same time: of 200 requests 40 by chance, and more than three deviations off are none.
      expect(counts['version 4']).toBeGreaterThanOrEqual(22);
      expect(counts['version 4']).toBeLessThanOrEqual(58);
      await rollout('promote', 'shop', '--wait');
    });
    await expectAll('4');
  });

  test('is promoted by itself when errors and time to answer held', async () => {
    await lab.policy(
      '{ strategy: canary, minHealthy: 1s, canary: { share: 50%, for: 4s, promote: auto, maxErrorRate: 1%, maxLatency: 20x } }',
    );
    await lab.underLoad(async () => {
      const { stdout } = await rollout('shop', '--image', 'static:5', '--wait');
      expect(stdout).toContain('succeeded');
    });
    await expectAll('5');
  });

  test('that answers with errors is taken back, and the rest never saw it', async () => {
    await lab.policy(
      '{ strategy: canary, onFailure: rollback, canary: { share: 50%, for: 1m, promote: auto, maxErrorRate: 5% } }',
    );
    await lab.underLoad(async () => {
      const deep = startLoad({ url: `${await lab.url()}/cgi-bin/deep`, clients: 2, keepAlive: false, pause: 20 });
      const result = await lab.project.stratos('rollout', 'shop', '--image', 'static:faulty', '--wait');
      const { failures } = await deep.stop();
      expect(failures['status 500']).toBeGreaterThan(1);
      expect(result.code).toBe(1);
      expect(result.stdout).toMatch(/\d+ of \d+ requests to the canary failed, at most 5% may/);
    });
    expect(await lab.status()).toMatchObject({ state: 'failed', processes: { new: 0 } });
    await expectAll('5');
    await lab.project.must('reconcile');
    await expectAll('5');
  });
});

describe('blue/green', () => {
  test('builds the new set beside the old one, switches once, and keeps the old one for a return at once', async () => {
    await lab.policy('{ strategy: blueGreen, minHealthy: 1s, keep: 1m }');
    await lab.underLoad(async () => {
      await rollout('shop', '--image', 'static:6');
      expect((await lab.status()).phase).toBe('staging');
      expect(await pages(20)).toEqual({ 'version 5': 20 });
      await lab.reconcileUntil('the switch', async () => (await lab.status()).phase === 'switched');
      expect(await images()).toEqual({ 'static:5': WANTED, 'static:6': WANTED });
      expect(await pages(20)).toEqual({ 'version 6': 20 });
      expect(await plannedKinds(lab.project)).toEqual([]);
      await rollout('abort', 'shop');
      expect(await pages(20)).toEqual({ 'version 5': 20 });
    });
    await expectAll('5');
  });

  test('lets the old set go once it is promoted', async () => {
    await lab.underLoad(async () => {
      // What was aborted is tried again when it is asked for.
      await rollout('shop');
      await lab.reconcileUntil('the switch', async () => (await lab.status()).phase === 'switched');
      await rollout('promote', 'shop', '--wait');
    });
    await expectAll('6');
  });
});

describe('what does not get ready', () => {
  test('brings the revision before back, and says which process and what it said last', async () => {
    await lab.policy('{ onFailure: rollback }');
    let said = '';
    await lab.underLoad(async () => {
      const result = await lab.project.stratos('rollout', 'shop', '--image', 'static:bad', '--wait');
      expect(result.code).toBe(1);
      said = result.stdout;
    });
    expect(said).toMatch(/failure +shop-\d+ did not get ready: /);
    expect(said).toMatch(/last lines of shop-\d+:\n {4}no licence for this host\n/);
    const status = await lab.status();
    expect(status).toMatchObject({ state: 'failed' });
    expect(new Set(status.failed?.log)).toEqual(new Set(['no licence for this host']));
    const events = (await lab.project.must('events', '-o', 'json')).stdout;
    expect(events).toContain('no licence for this host');
    await expectAll('6');
    // Its spec still asks for it: the next runs leave it alone.
    expect(await plannedKinds(lab.project)).toEqual([]);
    expect((await lab.project.must('status')).stdout).toMatch(/shop: revision \d+ failed/);
  });

  test('is held where the policy says so, until something else is asked for', async () => {
    await lab.policy('{ onFailure: hold, progressDeadline: 1s }');
    await lab.underLoad(async () => {
      const tried = await lab.project.stratos('rollout', 'shop', '--image', 'static:bad');
      expect(tried.code).toBe(5);
      await lab.reconcileUntil('failure', async () => (await lab.status()).state === 'failed');
      const held = await lab.project.stratos('reconcile');
      expect(held.code).toBe(5);
      expect(held.stdout).toMatch(/shop: revision \d+ failed: no further process got healthy within 1s/);
      expect(await plannedKinds(lab.project)).toEqual([]);
      await lab.policy('{}');
      await rollout('shop', '--image', 'static:7', '--wait');
    });
    await expectAll('7');
  });
});
