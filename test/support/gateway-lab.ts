/** VMs with the gateway's unit and nothing else, and HTTP servers on this machine that their gateways can reach. */
import http from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { createHash } from 'node:crypto';
import { configureStep } from '../../src/gateway/configure.ts';
import { GATEWAY_UNIT } from '../../src/gateway/gateway-unit.ts';
import type { GatewayServer, GatewayService } from '../../src/gateway/gateway-model.ts';
import { renderGateway } from '../../src/gateway/haproxy-config.ts';
import { gatewayProbeStep, parseGatewayProbe } from '../../src/gateway/probe.ts';
import { gatewayAddress } from '../../src/lxc/network.ts';
import type { ObservedGateway } from '../../src/model/observation.ts';
import { millis } from '../../src/model/quantity.ts';
import { script, type Step, type StepResult } from '../../src/shell/command.ts';
import { sshTransport } from '../../src/ssh/ssh-transport.ts';
import { testVm, type TestVms } from './vm.ts';

export interface GatewayLab extends AsyncDisposable {
  readonly vms: TestVms;
  /** This machine's address as VMs see it. */
  readonly here: string;
  /** Address of a VM. */
  readonly address: (vm?: number) => string;
  readonly run: (step: Step, vm?: number) => Promise<StepResult>;
  /** Loads what these services render to; fails when the step does. */
  readonly serve: (services: readonly GatewayService[], vm?: number) => Promise<StepResult>;
  /** Loads a text as it is. */
  readonly load: (config: string, vm?: number) => Promise<StepResult>;
  readonly probe: (vm?: number) => Promise<ObservedGateway>;
  /** Runs a shell line on a VM and returns what it printed. */
  readonly shell: (line: string, vm?: number) => Promise<string>;
}

const INSTALL = {
  name: 'install_unit',
  text: 'set -eu\nmkdir -p /var/lib/stratos/gateway\ncat >"/etc/systemd/system/$1"\nsystemctl daemon-reload\nsystemctl enable -q "$1"\n',
};
/** What RFC 6455 puts behind the key. */
const WEB_SOCKET = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const SHELL = { name: 'shell', text: 'eval "$1"' };

export async function gatewayLab(count = 1): Promise<GatewayLab> {
  const vms = await testVm({ name: 'gateway', count });
  const transport = sshTransport({ directory: vms.site.directory, identityFile: vms.identityFile, env: {} });
  const vm = (n: number) => {
    const found = vms.vms[n];
    if (!found) throw new Error(`no VM ${n}`);
    return found;
  };
  const run = async (step: Step, n = 0): Promise<StepResult> => {
    const [result] = await transport.run(vm(n).name, vm(n).endpoint, { steps: [step] });
    if (!result) throw new Error('no result');
    return result;
  };
  const load = (config: string, n = 0): Promise<StepResult> =>
    run(configureStep({ config, digest: createHash('sha256').update(config).digest('hex') }), n);
  const shell = async (line: string, n = 0): Promise<string> => {
    const result = await run(script(SHELL, line, [line]), n);
    if (result.status !== 0) throw new Error(`${line}: ${result.stderr}`);
    return result.stdout;
  };
  const dispose = async (): Promise<void> => {
    await transport.close();
    await vms.dispose();
  };
  try {
    const install = script(INSTALL, 'install unit', [GATEWAY_UNIT.name], { stdin: GATEWAY_UNIT.text });
    await Promise.all(vms.vms.map((_, n) => run(install, n)));
  } catch (error) {
    await dispose();
    throw error;
  }
  return {
    vms,
    here: gatewayAddress(vms.site.spec.subnet),
    address: (n = 0) => vm(n).endpoint.address,
    ...{ run, load, shell },
    serve: async (services, n = 0) => {
      const result = await load(renderGateway({ vm: vm(n).name, services }), n);
      if (result.status !== 0) throw new Error(result.stderr);
      return result;
    },
    probe: async (n = 0) => parseGatewayProbe((await run(gatewayProbeStep({ traffic: true }), n)).stdout),
    [Symbol.asyncDispose]: dispose,
  };
}

export interface WebServer extends AsyncDisposable {
  readonly name: string;
  readonly server: GatewayServer;
  /** Requests for other paths than the check's. */
  readonly requests: readonly http.IncomingMessage[];
  /** Dies as a killed process does: nobody listens, connections are reset. */
  readonly kill: () => Promise<void>;
}

/**
 * Answers `/` with its name; `/slow` after 300 ms; `/events` with one event every 50 ms; an upgrade with an echo. Health is
 * `/health`.
 */
export async function webServer(address: string, name: string): Promise<WebServer> {
  const requests: http.IncomingMessage[] = [];
  const server = http.createServer((request, response) => {
    if (request.url === '/health') return void response.end('ok');
    requests.push(request);
    if (request.url === '/slow') return void setTimeout(() => response.end(name), 300);
    if (request.url === '/events') {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const timer = setInterval(() => response.write(`data: ${name}\n\n`), 50);
      return void response.on('close', clearInterval.bind(undefined, timer));
    }
    request.resume();
    request.on('end', () => response.end(name));
  });
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('upgrade', (request, socket) => {
    socket.on('error', () => undefined);
    const accept = createHash('sha1')
      .update(`${request.headers['sec-websocket-key'] ?? ''}${WEB_SOCKET}`)
      .digest('base64');
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    socket.on('data', (chunk: Buffer) => socket.write(chunk));
  });
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  const { port } = server.address() as AddressInfo;
  const kill = async (): Promise<void> => {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.resetAndDestroy();
    await closed;
  };
  return { name, server: { name, address, port }, requests, kill, [Symbol.asyncDispose]: kill };
}

/** Service `shop` on port 8080 with these servers. */
export function aService(servers: readonly WebServer[], change: Partial<GatewayService> = {}): GatewayService {
  return {
    alias: 'shop',
    mode: 'http',
    port: 8080,
    hosts: [],
    health: { path: '/health', interval: millis(500), timeout: millis(1000) },
    servers: servers.map((web) => web.server),
    ...change,
  };
}
