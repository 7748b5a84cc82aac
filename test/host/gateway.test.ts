import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { renderGateway } from '../../src/gateway/haproxy-config.ts';
import { aService, gatewayLab, webServer, type GatewayLab, type WebServer } from '../support/gateway-lab.ts';
import { startLoad } from '../support/http-load.ts';

let lab: GatewayLab;
let one: WebServer;
let two: WebServer;
beforeAll(async () => {
  lab = await gatewayLab(2);
  one = await webServer(lab.here, 'shop-1');
  two = await webServer(lab.here, 'shop-2');
});
afterAll(async () => {
  await one[Symbol.asyncDispose]();
  await two[Symbol.asyncDispose]();
  await lab[Symbol.asyncDispose]();
});

const url = (path = '/', port = 8080): string => `http://${lab.address()}:${port}${path}`;

interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}
function get(target: string, headers: http.OutgoingHttpHeaders = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = http.get(target, { headers, agent: false }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk.toString()));
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
      });
    });
    request.on('error', reject);
  });
}

test('the gateway starts, is seen running, and a second time nothing changes', async () => {
  expect(await lab.probe()).toEqual({ running: false, servers: {} });
  expect((await lab.serve([aService([one, two])])).stdout).toBe('started\n');
  const workers = await lab.shell('pgrep -x haproxy');
  expect((await lab.serve([aService([one, two])])).stdout).toBe('unchanged\n');
  expect(await lab.shell('pgrep -x haproxy')).toBe(workers);
  const seen = await lab.probe();
  expect(seen).toMatchObject({ running: true, servers: { 'shop-1': true, 'shop-2': true } });
  expect(seen.configDigest).toBe(seen.loadedDigest);
});

test('requests are balanced, also to a process of another VM', async () => {
  await lab.shell(
    `cat >/tmp/web.cfg <<'END'
defaults
    mode http
    timeout client 5s
frontend web
    bind :20000
    http-request return status 200 content-type text/plain string shop-3
END
systemctl stop web.service 2>/dev/null
systemd-run -q --unit=web --collect haproxy -f /tmp/web.cfg`,
    1,
  );
  const third = { name: 'shop-3', address: lab.address(1), port: 20_000 };
  await lab.serve([aService([one, two], { servers: [one.server, two.server, third] })]);
  const names = new Set<string>();
  // The third is in rotation once a check has found it: it may have been looked for before it listened.
  await expect
    .poll(async () => [...names.add((await get(url())).body)].sort(), { timeout: 15_000, interval: 20 })
    .toEqual(['shop-1', 'shop-2', 'shop-3']);

  // A VM that vanishes does not even refuse.
  await lab.shell(
    `nft 'add table inet hole; add chain inet hole i { type filter hook input priority 0; }; add rule inet hole i tcp dport 20000 drop'`,
    1,
  );
  const load = startLoad({ url: url(), clients: 4, keepAlive: true, pause: 20 });
  expect(await gone('shop-3')).toBeLessThan(2500);
  const result = await load.stop();
  expect(result).toMatchObject({ lost: 0 });
  // A reload does not make the gateway forget who is dead.
  await lab.serve([aService([one, two], { servers: [one.server, third] })]);
  expect((await lab.probe()).servers).toEqual({ 'shop-1': true, 'shop-3': false });
});

test('a killed process leaves the rotation within 2 s, and no GET is lost', async () => {
  const victim = await webServer(lab.here, 'shop-9');
  await lab.serve([aService([one, two, victim])]);
  const load = startLoad({ url: url(), clients: 4, keepAlive: true });
  await sleep(500);
  const since = performance.now();
  await victim.kill();
  const ms = await gone('shop-9', since);
  const result = await load.stop();
  expect(ms).toBeLessThan(2000);
  expect(result.failures).toEqual({});
  expect(result.answers['shop-9']).toBeGreaterThan(0);
  // Without traffic too.
  const again = await webServer(lab.here, 'shop-8');
  await lab.serve([aService([one, again])]);
  await sleep(1000);
  await again.kill();
  expect(await gone('shop-8')).toBeLessThan(2000);
});

/** Milliseconds until the gateway says that a server is down. */
async function gone(name: string, since = performance.now()): Promise<number> {
  while ((await lab.probe()).servers[name] !== false) {
    if (performance.now() - since > 10_000) throw new Error(`${name} never left`);
    await sleep(50);
  }
  return performance.now() - since;
}

test('50 reloads under load lose no request, as servers and ports come and go', async () => {
  await lab.serve([aService([one, two])]);
  const loads = [
    startLoad({ url: url(), clients: 3, keepAlive: true }),
    startLoad({ url: url(), clients: 3, keepAlive: false }),
    startLoad({ url: url(), clients: 3, keepAlive: true, pause: 200 }),
    startLoad({ url: url(), clients: 2, keepAlive: true, method: 'POST', pause: 20 }),
    startLoad({ url: url('/slow'), clients: 2, keepAlive: true }),
  ];
  for (let n = 0; n < 50; n++) {
    const servers = [[one, two], [one], [two], [two, one]][n % 4] ?? [];
    const extra = n % 3 === 0 ? [aService([one], { alias: `blog${n}`, port: 8081 })] : [];
    expect((await lab.serve([aService(servers), ...extra])).stdout).toBe('reloaded\n');
  }
  const results = await Promise.all(loads.map((load) => load.stop()));
  expect(results.map((result) => result.failures)).toEqual(results.map(() => ({})));
  expect(results.every((result) => result.requests > 20)).toBe(true);
});

test('a port comes and goes with its subscription', async () => {
  await lab.serve([aService([one]), aService([two], { alias: 'blog', port: 8081 })]);
  expect((await get(url('/', 8081))).body).toBe('shop-2');
  await lab.serve([aService([one])]);
  await expect(get(url('/', 8081))).rejects.toThrow('ECONNREFUSED');
  expect((await get(url())).body).toBe('shop-1');
});

test('host names share port 80, whatever their case, port or final dot; others get 404', async () => {
  await lab.serve([
    aService([one], { hosts: ['shop.example.org', 'www.example.org'] }),
    aService([two], { alias: 'blog', port: 8081, hosts: ['blog.example.org'] }),
  ]);
  const asked = async (host: string) => await get(url('/', 80), { host });
  expect((await asked('shop.example.org')).body).toBe('shop-1');
  expect((await asked('WWW.Example.org:80')).body).toBe('shop-1');
  expect((await asked('blog.example.org.')).body).toBe('shop-2');
  const unknown = await asked('other.example.org');
  expect(unknown).toMatchObject({ status: 404, body: 'No site has this host name\n' });
  expect(JSON.stringify(unknown.headers).toLowerCase()).not.toContain('haproxy');
});

test('a process is told who asks, and a client cannot say otherwise', async () => {
  await lab.serve([aService([one])]);
  await get(url('/whoami'), {
    'x-forwarded-for': '1.2.3.4',
    'x-forwarded-proto': 'https',
    forwarded: 'for=1.2.3.4',
    proxy: 'http://evil',
  });
  const { headers } = one.requests.findLast((request) => request.url === '/whoami') ?? {};
  expect(headers).toMatchObject({ 'x-forwarded-for': lab.here, 'x-forwarded-proto': 'http' });
  expect(headers).not.toHaveProperty('forwarded');
  expect(headers).not.toHaveProperty('proxy');
});

test('without a process there is 503 and when to come again', async () => {
  await lab.serve([aService([])]);
  const answer = await get(url());
  expect(answer.status).toBe(503);
  expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
  expect(answer.body).not.toMatch(/haproxy/i);
});

test('tcp is relayed as it is', async () => {
  const echo = net.createServer((socket) => socket.pipe(socket));
  await new Promise<void>((resolve) => echo.listen(0, lab.here, resolve));
  const { port } = echo.address() as net.AddressInfo;
  const { path: _, ...health } = aService([]).health;
  await lab.serve([
    aService([], {
      alias: 'db',
      mode: 'tcp',
      port: 5432,
      health,
      servers: [{ name: 'db-1', address: lab.here, port }],
    }),
  ]);
  const talk = await conversation(5432);
  talk.socket.write('\u0000hello');
  expect(await talk.next()).toBe('\u0000hello');
  talk.socket.destroy();
  echo.close();
});

test('a web socket and a stream outlive reloads until the hard stop', async () => {
  const config = (n: number): string =>
    `# ${n}\n${renderGateway({ vm: 'v', services: [aService([one])] }).replace('hard-stop-after 15m', 'hard-stop-after 4s')}`;
  await lab.load(config(0));
  const talk = await conversation(8080);
  talk.socket.write(
    'GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  );
  expect(await talk.next()).toContain('101 Switching');
  const stream = await conversation(8080);
  stream.socket.write('GET /events HTTP/1.1\r\nHost: x\r\n\r\n');
  expect(await stream.next()).toContain('200 OK');
  await lab.load(config(1));
  await lab.load(config(2));
  talk.socket.write('still here');
  expect(await talk.next()).toBe('still here');
  expect(await stream.next()).toContain('data: shop-1');
  // The workers that hold them are not the one that has the statistics, and they count all the same.
  expect((await lab.probe()).traffic?.servers['shop-1']?.sessions).toBe(2);
  const began = performance.now();
  await talk.closed;
  await stream.closed;
  expect(performance.now() - began).toBeLessThan(8000);
  expect((await lab.probe()).traffic?.servers['shop-1']?.sessions).toBe(0);
});

/** A connection whose pieces can be awaited. */
async function conversation(port: number) {
  const socket = net.connect(port, lab.address());
  await new Promise((resolve) => socket.once('connect', resolve));
  socket.on('error', () => undefined);
  return {
    socket,
    next: async () => (await once(socket, 'data')).toString(),
    closed: once(socket, 'close'),
  };
}

test('a file that somebody edited is seen, and undone', async () => {
  await lab.serve([aService([one])]);
  await lab.shell('echo "# mine" >>/var/lib/stratos/gateway/haproxy.cfg');
  const seen = await lab.probe();
  expect(seen.configDigest).not.toBe(seen.loadedDigest);
  expect((await lab.serve([aService([one])])).stdout).toBe('reloaded\n');
  const repaired = await lab.probe();
  expect(repaired.configDigest).toBe(repaired.loadedDigest);
});

/** What the gateway has, without what it counts. */
async function configured() {
  const { traffic: _counts, ...rest } = await lab.probe();
  return rest;
}

test('a configuration that HAProxy refuses changes nothing and says why', async () => {
  await lab.serve([aService([one])]);
  const before = await configured();
  const good = renderGateway({ vm: 'v', services: [aService([one])] });
  const invalid = await lab.load(`${good}    no-such-keyword\n`);
  expect(invalid.status).not.toBe(0);
  expect(invalid.stderr).toContain("unknown keyword 'no-such-keyword'");
  expect(await configured()).toEqual(before);
  expect((await get(url())).body).toBe('shop-1');
});

test('a configuration that fails only when it is loaded is taken back', async () => {
  await lab.serve([aService([one])]);
  const before = await configured();
  const good = renderGateway({ vm: 'v', services: [aService([one]), aService([two], { alias: 'blog', port: 8099 })] });
  const result = await lab.load(good.replace('bind 0.0.0.0:8099', 'bind unix@/no/such/directory/socket'));
  expect(result.status).not.toBe(0);
  expect(result.stderr).toContain('/no/such/directory');
  expect(await configured()).toEqual(before);
  expect((await get(url())).body).toBe('shop-1');
  expect((await lab.serve([aService([one, two])])).stdout).toBe('reloaded\n');
});

test('a server that HAProxy refuses, which is not looked at in advance, is taken back while all is served', async () => {
  await lab.serve([aService([one])]);
  const before = await configured();
  const load = startLoad({ url: url(), clients: 2, keepAlive: false });
  const good = renderGateway({ vm: 'v', services: [aService([one, two])] });
  const result = await lab.load(good.replace(/(server shop-2 \S+)/, '$1 no-such-word'));
  expect(result.status).not.toBe(0);
  expect(result.stderr).toContain('no-such-word');
  expect(await configured()).toEqual(before);
  expect((await load.stop()).failures).toEqual({});
  expect((await lab.serve([aService([one, two])])).stdout).toBe('reloaded\n');
});

test('a port that somebody else has changes nothing, disturbs nobody and says who it is', async () => {
  await lab.serve([aService([one])]);
  const load = startLoad({ url: url(), clients: 2, keepAlive: false });
  const before = await configured();
  await lab.shell('systemd-run -q --unit=squatter socat TCP-LISTEN:8099,fork /dev/null; sleep 0.3');
  const taken = aService([two], { alias: 'blog', port: 8099 });
  const result = await lab.load(renderGateway({ vm: 'v', services: [aService([one]), taken] }));
  expect(result.status).not.toBe(0);
  expect(result.stderr).toContain('Port 8099 is taken: by (("socat"');
  expect(await configured()).toEqual(before);
  expect((await get(url())).body).toBe('shop-1');
  expect(await load.stop()).toMatchObject({ failures: {} });
  await lab.shell('systemctl stop squatter');
  expect((await lab.serve([aService([one]), taken])).stdout).toBe('reloaded\n');
  expect((await get(url('/', 8099))).body).toBe('shop-2');
});

test('a gateway that was killed comes back by itself', async () => {
  await lab.serve([aService([one])]);
  const pid = 'cat /run/stratos/gateway.pid';
  const killed = await lab.shell(`${pid}; kill -9 $(${pid})`);
  // Its worker goes on for a moment.
  await expect.poll(() => lab.shell(pid), { timeout: 5000 }).not.toBe(killed);
  await expect.poll(async () => (await lab.probe()).running, { timeout: 5000 }).toBe(true);
  expect((await get(url())).body).toBe('shop-1');
  expect((await lab.serve([aService([one])])).stdout).toBe('unchanged\n');
  expect((await lab.serve([aService([one, two])])).stdout).toBe('reloaded\n');
});

test('a gateway with nothing to serve stops, lets requests end, and starts again', async () => {
  await lab.serve([aService([one])]);
  const slow = get(url('/slow'));
  await sleep(100);
  expect((await lab.load('# peers: none\n')).stdout).toBe('stopped\n');
  expect((await slow).body).toBe('shop-1');
  await expect(get(url())).rejects.toThrow('ECONNREFUSED');
  expect((await lab.load('# peers: none\n')).stdout).toBe('unchanged\n');
  const seen = await lab.probe();
  expect(seen).toMatchObject({ running: false, servers: {} });
  expect(seen.configDigest).toBe(seen.loadedDigest);
  expect((await lab.serve([aService([one])])).stdout).toBe('started\n');
  expect((await get(url())).body).toBe('shop-1');
});
