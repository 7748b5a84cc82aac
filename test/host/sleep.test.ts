/** Sleep and wake on real VMs: the scripts, hooks and units, through real gateways. */
import net from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { command } from '../../src/shell/command.ts';
import { disarmStep } from '../../src/lxc/sleep.ts';
import { millis } from '../../src/model/quantity.ts';
import { parsePruned, pruneStep } from '../../src/store/prune-step.ts';
import { startLoad } from '../support/http-load.ts';
import { get, sleepLab, tell, type SleepLab, type Sleeper } from '../support/sleep-lab.ts';

const SHOP: Sleeper = { name: 'shop-1', index: 1, vm: 0 };
const EACH_SECOND = { interval: millis(1000), timeout: millis(1000) };
let lab: SleepLab;

beforeAll(async () => {
  lab = await sleepLab(2);
  await lab.create([SHOP]);
});
afterAll(() => lab[Symbol.asyncDispose]());

const url = (vm = 0, port = 8080): string => `http://${lab.address(vm)}:${String(port)}/`;
/** Puts one to sleep once it is led to directly, and waits until all gateways know. */
async function fallAsleep(depth: 'frozen' | 'stopped', sleeper = SHOP): Promise<void> {
  await lab.until('UP', sleeper, 0, 1);
  await settled();
  expect(await lab.sleep(depth, sleeper)).toEqual([{ name: sleeper.name, slept: true, depth }]);
  await lab.until('DOWN', sleeper, 0, 1);
}
/** Waits until no wake port leads anywhere any more. */
async function settled(): Promise<void> {
  await lab.shell('while pgrep -x -u proxy systemd-socket- >/dev/null; do sleep 0.1; done');
}
const starts = async (): Promise<string> =>
  lab.shell('systemctl show -p InvocationID --value stratos-process@shop-1.service');

describe('one process', () => {
  beforeAll(() => lab.serve({ alias: 'shop' }, [SHOP]));

  describe.each(['frozen', 'stopped'] as const)('that is %s', (depth) => {
    test.each([0, 1])('is woken by a request to the gateway of VM %i', async (vm) => {
      await fallAsleep(depth);
      expect(await lab.stateOf(SHOP)).toBe(depth);
      expect(await get(url(vm))).toMatchObject({ status: 200, body: 'hello\n' });
      expect(await lab.stateOf(SHOP)).toBe('awake');
      await lab.until('UP', SHOP, 0, 1);
      await settled();
      expect(
        await lab.shell('cat /var/lib/stratos/processes/shop-1/asleep; nft list set inet stratos asleep'),
      ).not.toContain('elements');
    });

    test('is woken once by fifty first requests, which are all answered', async () => {
      await fallAsleep(depth);
      const invocation = await starts();
      const answers = await Promise.all(Array.from({ length: 50 }, (_, n) => get(url(n % 2))));
      expect(answers.filter(({ status, body }) => status === 200 && body === 'hello\n')).toHaveLength(50);
      // The server keeps ten waiting at most; the others come back after a second.
      expect(answers.map(({ ms }) => ms).sort((a, b) => a - b)[10]).toBeLessThan(500);
      expect((await starts()) === invocation).toBe(depth === 'frozen');
      expect(await lab.shell('systemctl show -p NRestarts --value stratos-process@shop-1.service')).toBe('0\n');
    });

    test('is not woken by checks, a neighbour, a reload or a look at it', async () => {
      await fallAsleep(depth);
      const neighbour: Sleeper = { name: 'other-1', index: 2, vm: 0 };
      await lab.create([neighbour]);
      const inside = (line: string) =>
        lab.shell(`/var/lib/stratos/bin/process-exec other-1 sh -c '${line}' </dev/null || echo refused`);
      // By its address, and by its wake port, which is not for processes.
      await inside('echo | nc -w 1 10.66.0.2 80');
      expect(await inside('echo | nc -w 1 10.66.0.1 61000')).toContain('refused');
      await lab.serve({ alias: 'shop', port: 8081 }, [SHOP]);
      await lab.serve({ alias: 'shop' }, [SHOP]);
      await lab.remove([neighbour]);
      // Some rounds of the gateways' checks, which are asked each half second.
      await pause(depth === 'stopped' ? 12_000 : 5000);
      expect(await lab.stateOf(SHOP)).toBe(depth);
      expect(await get(url())).toMatchObject({ status: 200 });
    }, 120_000);

    test('is woken by a plan', async () => {
      await fallAsleep(depth);
      expect(await lab.wake(SHOP)).toMatchObject([{ ready: true }]);
      expect(await lab.stateOf(SHOP)).toBe('awake');
      await lab.until('UP', SHOP, 0, 1);
    });

    test('sleeps and is woken again after its VM was started anew', async () => {
      await fallAsleep(depth);
      await lab.restart(0);
      await lab.until('DOWN', SHOP, 0, 1);
      expect(await lab.stateOf(SHOP)).toBe('stopped');
      expect(await get(url())).toMatchObject({ status: 200, body: 'hello\n' });
      await lab.until('UP', SHOP, 0, 1);
    }, 60_000);
  });

  test('that is frozen may be stopped, and sleeps on where it is asked again', async () => {
    await fallAsleep('frozen');
    expect(await lab.sleep('frozen', SHOP)).toEqual([{ name: 'shop-1', slept: true, depth: 'frozen' }]);
    expect(await lab.sleep('stopped', SHOP)).toEqual([{ name: 'shop-1', slept: true, depth: 'stopped' }]);
    expect(await lab.sleep('frozen', SHOP)).toEqual([{ name: 'shop-1', slept: true, depth: 'stopped' }]);
    expect(await get(url())).toMatchObject({ status: 200 });
  });

  test('that is frozen is waited for by a program that is loaded already, and woken where that is gone', async () => {
    await fallAsleep('frozen');
    const waiting = async () => lab.shell('cat "/proc/$(cat /run/stratos/parked.61000)/cmdline" | tr "\\0" " "');
    expect(await waiting()).toMatch(/^\/usr\/bin\/systemd-socket-activate .* 61000 now $/);
    await lab.shell('kill -9 "$(cat /run/stratos/parked.61000)"');
    expect(await get(url())).toMatchObject({ status: 200, body: 'hello\n' });
    expect(await lab.stateOf(SHOP)).toBe('awake');
    // One that we wake leaves it waiting, which does not keep it from sleeping again.
    await fallAsleep('frozen');
    await lab.wake(SHOP);
    expect(await waiting()).toContain('systemd-socket-activate');
    await fallAsleep('stopped');
    expect(await lab.shell('systemctl is-active stratos-wake@61000.service || :')).toBe('inactive\n');
    expect(await get(url())).toMatchObject({ status: 200, body: 'hello\n' });
  });

  test('that is stopped keeps its image, which nobody else needs, whatever is pruned', async () => {
    await fallAsleep('stopped');
    const [pruned] = await lab.run([pruneStep([])]);
    expect(pruned && parsePruned(pruned).removed).toEqual([]);
    expect(await get(url())).toMatchObject({ status: 200, body: 'hello\n' });
  });

  test('that answers a request stays awake, and answers it', async () => {
    await lab.until('UP', SHOP, 0, 1);
    await settled();
    const slow = get(`${url()}cgi-bin/slow`);
    await pause(200);
    expect(await lab.sleep('stopped', SHOP)).toMatchObject([{ name: 'shop-1', slept: false, busy: true }]);
    expect(await slow).toMatchObject({ status: 200, body: 'slow\n' });
    expect(await get(url())).toMatchObject({ status: 200 });
    expect(await lab.stateOf(SHOP)).toBe('awake');
  });

  test('that was woken a moment ago stays awake', async () => {
    await fallAsleep('frozen');
    await get(url());
    expect(await lab.sleep('stopped', SHOP)).toMatchObject([{ slept: false, busy: true }]);
    expect(await get(url())).toMatchObject({ status: 200 });
  });

  test('is asked every 10 ms while it goes to sleep and wakes thirty times: nobody is lost', async () => {
    const load = [0, 1].map((vm) => startLoad({ url: url(vm), clients: 1, keepAlive: false, pause: 20 }));
    let slept = 0;
    for (let round = 0; slept < 30 && round < 600; round++) {
      const [outcome] = await lab.sleep(round % 2 === 0 ? 'frozen' : 'stopped', SHOP);
      if (outcome?.slept) slept++;
      else await pause(100);
    }
    const results = await Promise.all(load.map(({ stop }) => stop()));
    // A gateway of another VM may learn of it by a refusal, and HAProxy then waits for a second before it goes elsewhere.
    expect(Math.max(...results.map(({ latency }) => latency.max))).toBeLessThan(2000);
    expect(slept).toBe(30);
    expect(results.map(({ failures }) => failures)).toEqual([{}, {}]);
  }, 240_000);

  test('that needs no wake port any more loses it, when it is awake', async () => {
    await fallAsleep('frozen');
    await lab.run([disarmStep([])]);
    expect(await lab.shell('ls /var/lib/stratos/wake')).toBe('61000\n');
    await lab.wake(SHOP);
    await lab.run([disarmStep(['shop-1'])]);
    expect(await lab.shell('ls /var/lib/stratos/wake')).toBe('61000\n');
    await lab.run([disarmStep([])]);
    expect(await lab.shell('ls /var/lib/stratos/wake; systemctl is-active stratos-wake@61000.socket || :')).toBe(
      'inactive\n',
    );
    await fallAsleep('frozen');
    expect(await get(url())).toMatchObject({ status: 200 });
  });
});

describe('a process that cannot be woken', () => {
  const broken: Sleeper = { name: 'broken-1', index: 3, vm: 0 };
  const delta = '/var/lib/stratos/processes/broken-1/overlay/delta/fail';

  test('is answered for with 503, at once while it is left alone, and is woken when it can be', async () => {
    await lab.create([broken], ['sh', '-c', '[ ! -e /fail ] || { echo no way; exit 1; }; exec httpd -f -p 80 -h /www']);
    await lab.serve({ alias: 'broken', port: 8082, health: EACH_SECOND }, [broken]);
    await fallAsleep('stopped', broken);
    await lab.shell(`: >${delta}`);
    const first = await get(url(0, 8082));
    expect(first).toMatchObject({ status: 503, retryAfter: '2' });
    expect(first.ms).toBeLessThan(5500);
    for (const vm of [0, 1]) {
      const again = await get(url(vm, 8082));
      expect(again).toMatchObject({ status: 503, retryAfter: '2' });
    }
    expect(await lab.stateOf(broken)).toBe('stopped');
    expect(await lab.shell('cat /var/lib/stratos/processes/broken-1/wake-failure')).toMatch(/^it ends at once.*no way/);
    const count = 'journalctl -q -o cat --no-pager -t broken-1 | grep -c "no way"';
    const before = await lab.shell(count);
    await pause(2000);
    expect(await lab.shell(count)).toBe(before);
    await lab.shell(`rm ${delta}`);
    await pause(4000);
    expect(await get(url(0, 8082))).toMatchObject({ status: 200 });
    await pause(300);
    expect(await lab.shell('ls /var/lib/stratos/processes/broken-1')).not.toContain('wake-failure');
    await lab.remove([broken]);
    expect(await lab.shell('ls /var/lib/stratos/wake')).not.toContain('61002');
  }, 60_000);
});

describe('a process that speaks tcp', () => {
  const plain: Sleeper = { name: 'plain-1', index: 4, vm: 0 };

  test('is woken by a connection, and stays awake for one that is open', async () => {
    await lab.create([plain], ['httpd', '-f', '-p', '80', '-h', '/www']);
    await lab.serve({ alias: 'plain', port: 8083, mode: 'tcp', health: EACH_SECOND }, [plain]);
    for (const depth of ['frozen', 'stopped'] as const) {
      await fallAsleep(depth, plain);
      expect(await tell(lab.address(1), 8083, 'GET / HTTP/1.0\r\n\r')).toMatch(/^HTTP\/1.\d 200 OK/);
    }
    await lab.until('UP', plain, 0, 1);
    await settled();
    const open = net.connect(8083, lab.address(0));
    await new Promise((resolve) => open.once('connect', resolve));
    await pause(100);
    expect(await lab.sleep('frozen', plain)).toMatchObject([{ slept: false, busy: true }]);
    open.write('GET / HTTP/1.0\r\n\r\n');
    expect(String(await new Promise((resolve) => open.once('data', resolve)))).toMatch(/^HTTP\/1.\d 200 OK/);
    open.destroy();
    await pause(300);
    expect(await lab.sleep('frozen', plain)).toMatchObject([{ slept: true }]);
    const [left] = await lab.run([command('units', ['systemctl', 'list-units', '--failed', '--plain', '--no-legend'])]);
    expect(left?.stdout).not.toContain('stratos');
  }, 60_000);
});
