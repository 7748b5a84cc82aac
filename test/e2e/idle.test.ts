/** What nobody asks for is put to sleep by policy, and the next request wakes it without Stratos: real VMs, real gateways. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { plannedKinds, until } from '../support/fleet.ts';
import { startLoad } from '../support/http-load.ts';
import { getPage, STATIC_CARTRIDGE, testProject, type RunningCli, type TestProject } from '../support/project.ts';

/** Speaks WebSocket (the handshake, then silence), server-sent events and plain HTTP: what a connection to BusyBox's nc is given to. */
const LIVE = String.raw`read -r _ target _; key=
cr=$(printf '\r')
while read -r line; do
  line=\${line%$cr}
  [ -n "$line" ] || break
  case $line in [Ss]ec-[Ww]eb[Ss]ocket-[Kk]ey:*) key=\${line#*: } ;; esac
done
if [ -n "$key" ]; then
  accept=$(printf %s "\${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11" | sha1sum | cut -c1-40 | xxd -r -p | base64)
  printf 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n' "$accept"
  # Until the client says anything, which is that it closes.
  head -c 1 >/dev/null
elif [ "$target" = /events ]; then
  printf 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n'
  while printf 'data: tick\n\n'; do sleep 1; done
else
  printf 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n'
fi`.replaceAll('\\$', '$');

const SPEC = `
policies:
  partition:
    two: { vms: { min: 2, max: 2 }, vm: { cpu: 2, memory: 1Gi }, processesPerVm: 4 }
  idle:
    nap: { freezeAfter: 2s, stopAfter: 5s, wake: on-request }
partitions:
  web: { policy: two, placement: [{ iaas: lab }] }
cartridges:
  static:
    image: static:1
    partition: web
    ports: { http: 80 }
    health: { path: / }
    resources: { memory: 32Mi, cpu: 0.1 }
  live:
    image: static:1
    partition: web
    ports: { http: 80 }
    command: ${JSON.stringify(['/bin/busybox', 'nc', '-ll', '-p', '80', '-e', '/bin/busybox', 'sh', '-c', LIVE])}
    resources: { memory: 32Mi, cpu: 0.1 }
subscriptions:
  chat: { cartridge: live, processes: { min: 1, max: 1 }, idle: nap, port: 8082 }
  shop: { cartridge: static, processes: { min: 2, max: 2 }, spread: true, idle: nap, port: 8080 }
  blog: { cartridge: static, processes: { min: 1, max: 1 }, port: 8081 }
`;

let project: TestProject;
let watching: RunningCli | undefined;

const shop = async (...args: readonly string[]) => {
  const { subscriptions } = await project.status(...args);
  const found = subscriptions.find(({ alias }) => alias === 'shop');
  if (!found) throw new Error('There is no shop');
  return found;
};
const depths = async () => (await shop()).processes.map(({ depth }) => depth);
const stopWatching = async () => {
  watching?.child.kill('SIGINT');
  await watching?.result;
  watching = undefined;
};
const sleepUntil = async (depth: 'frozen' | 'stopped') => {
  watching = project.start('reconcile', '--watch', '1s');
  await until(`both are ${depth}`, async () => (await depths()).every((each) => each === depth), 60_000);
  await stopWatching();
};

beforeAll(async () => {
  project = await testProject(SPEC);
  await project.must('cartridge', 'build', STATIC_CARTRIDGE, '--tag', 'static:1');
  await project.must('reconcile');
}, 300_000);
afterAll(async () => {
  await stopWatching();
  await project.dispose();
});

describe('an idle subscription', () => {
  test('is frozen, and the first request wakes one process without Stratos', async () => {
    await sleepUntil('frozen');
    const { urls } = await shop();
    expect(await getPage(urls[1] ?? '')).toBe(200);
    const { ready, asleep } = await shop('--refresh');
    expect({ ready, asleep }).toEqual({ ready: 1, asleep: 1 });
  });

  test('is stopped later on; both gateways answer, many at once, and a run after it finds nothing to mend', async () => {
    await sleepUntil('stopped');
    expect((await project.must('status')).stdout).toMatch(/shop .* 0\/2, 2 asleep/);
    const { urls } = await shop();
    const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => getPage(urls[n % 2] ?? '')));
    expect(answers).toEqual(Array.from({ length: 20 }, () => 200));
    expect((await plannedKinds(project)).filter((kind) => kind !== 'process.sleep')).toEqual([]);
  });

  test('stays awake while it is used', async () => {
    const { urls } = await shop();
    const load = startLoad({ url: urls[0] ?? '', clients: 2, keepAlive: true, pause: 200 });
    watching = project.start('reconcile', '--watch', '1s');
    await new Promise((resolve) => setTimeout(resolve, 8000));
    await stopWatching();
    expect((await shop('--refresh')).ready).toBeGreaterThanOrEqual(1);
    expect((await load.stop()).failures).toEqual({});
  });

  test('stays awake for a web socket and for a stream of events that say nothing, also when gateways were loaded anew', async () => {
    const chat = async () => (await project.status()).subscriptions.find(({ alias }) => alias === 'chat');
    const url = (await chat())?.urls[0] ?? '';
    const isAsleep = async () => (await chat())?.processes.every(({ depth }) => depth !== undefined) ?? false;
    const awakeFor = async (use: string, blogs: number, end: () => void) => {
      await project.must('scale', 'blog', '--min', String(blogs), '--max', String(blogs));
      watching = project.start('reconcile', '--watch', '1s');
      await new Promise((resolve) => setTimeout(resolve, 8000));
      expect(await isAsleep(), use).toBe(false);
      end();
      await until(`it sleeps after the ${use}`, isAsleep, 60_000);
      await stopWatching();
    };
    const socket = new WebSocket(url.replace('http:', 'ws:'));
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve);
      socket.addEventListener('error', reject);
    });
    await awakeFor('socket', 2, () => {
      socket.close();
    });
    const leaving = new AbortController();
    const events = await fetch(`${url}/events`, { signal: leaving.signal });
    expect(events.headers.get('content-type')).toBe('text/event-stream');
    await awakeFor('stream', 1, () => {
      leaving.abort();
    });
  }, 120_000);

  test('sleeps through the use of its neighbours', async () => {
    await sleepUntil('stopped');
    const blog = (await project.status()).subscriptions.find(({ alias }) => alias === 'blog');
    const load = startLoad({ url: blog?.urls[0] ?? '', clients: 2, keepAlive: false });
    await new Promise((resolve) => setTimeout(resolve, 4000));
    expect((await load.stop()).failures).toEqual({});
    const { asleep } = await shop('--refresh');
    expect(asleep).toBe(2);
  });
});
