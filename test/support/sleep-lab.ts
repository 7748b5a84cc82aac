/** VMs of one partition with gateways and processes that may sleep: a web server of busybox, or whatever is run instead. */
import { createHash } from 'node:crypto';
import http from 'node:http';
import net from 'node:net';
import { configureStep } from '../../src/gateway/configure.ts';
import type { GatewayServer, GatewayService } from '../../src/gateway/gateway-model.ts';
import { GATEWAY_UNIT } from '../../src/gateway/gateway-unit.ts';
import { renderGateway } from '../../src/gateway/haproxy-config.ts';
import { gatewayAddress, processAddress, publishedPort, wakePort } from '../../src/lxc/network.ts';
import { peersStep } from '../../src/lxc/peers.ts';
import { prepareStep } from '../../src/lxc/prepare.ts';
import {
  createSteps,
  parseCreate,
  removeSteps,
  startSteps,
  type ProcessLaunch,
} from '../../src/lxc/process-lifecycle.ts';
import { parseSleep, sleepSteps, type SleepOutcome } from '../../src/lxc/sleep.ts';
import type { SleepDepth } from '../../src/model/inventory.ts';
import { millis } from '../../src/model/quantity.ts';
import { command, type Step, type StepResult } from '../../src/shell/command.ts';
import { sshTransport } from '../../src/ssh/ssh-transport.ts';
import { aCartridge, aLaunch, IMAGE_HEX } from '../unit/lxc/a-launch.ts';
import { testVm, type TestVms } from './vm.ts';

const NETWORK = '10.66.0.0/22';
const LINEAGE = aLaunch().lineage;
const STARTUP = millis(5000);

/** A process of the lab. */
export interface Sleeper {
  readonly name: string;
  readonly index: number;
  readonly vm: number;
}

export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly retryAfter?: string;
  readonly ms: number;
}

export interface SleepLab extends AsyncDisposable {
  readonly vms: TestVms;
  readonly address: (vm?: number) => string;
  readonly run: (steps: readonly Step[], vm?: number) => Promise<readonly StepResult[]>;
  /** Runs a shell line on a VM; rejects when it fails. */
  readonly shell: (line: string, vm?: number) => Promise<string>;
  /** Makes processes and waits until they are ready. Without a command they serve `hello` on port 80. */
  readonly create: (processes: readonly Sleeper[], argv?: readonly string[]) => Promise<void>;
  readonly remove: (processes: readonly Sleeper[]) => Promise<void>;
  /** Loads a service with these processes on the gateways of all VMs. */
  readonly serve: (
    service: Partial<GatewayService> & Pick<GatewayService, 'alias'>,
    of: readonly Sleeper[],
  ) => Promise<void>;
  /** Puts processes of one VM to sleep, or tries. */
  readonly sleep: (depth: SleepDepth, ...processes: readonly Sleeper[]) => Promise<readonly SleepOutcome[]>;
  /** Wakes as a plan does. */
  readonly wake: (...processes: readonly Sleeper[]) => Promise<readonly { readonly ready: boolean }[]>;
  /** Waits until the gateways of these VMs count the process as up, or not. */
  readonly until: (state: 'UP' | 'DOWN', process: Sleeper, ...vms: readonly number[]) => Promise<void>;
  /** Stops a VM and starts it again, and waits until its units have been started. */
  readonly restart: (vm: number) => Promise<void>;
  /** `awake`, `frozen` or `stopped`, by what runs. */
  readonly stateOf: (process: Sleeper) => Promise<string>;
}

export async function sleepLab(count = 1): Promise<SleepLab> {
  const vms = await testVm({ name: 'sleep', count });
  const transport = sshTransport({ directory: vms.site.directory, identityFile: vms.identityFile, env: {} });
  const vmOf = (n: number) => {
    const vm = vms.vms[n];
    if (!vm) throw new Error(`no VM ${n}`);
    return vm;
  };
  const address = (n = 0): string => vmOf(n).endpoint.address;
  const run = (steps: readonly Step[], n = 0) => transport.run(vmOf(n).name, vmOf(n).endpoint, { steps });
  const must = async (steps: readonly Step[], n = 0): Promise<readonly StepResult[]> => {
    const results = await run(steps, n);
    const failed = results.find(({ status }) => status !== 0);
    if (failed) throw new Error(`${failed.title}: ${failed.stderr}${failed.stdout}`);
    return results;
  };
  const shell = async (line: string, n = 0): Promise<string> =>
    (await must([command(line, ['sh', '-c', line])], n))[0]?.stdout ?? '';
  const dispose = async (): Promise<void> => {
    await transport.close();
    await vms.dispose();
  };
  try {
    await Promise.all(
      vms.vms.map(async ({ name, endpoint }, n) => {
        await transport.copy(name, endpoint, { from: ['/bin/busybox'], to: '/root' });
        const units = { [GATEWAY_UNIT.name]: GATEWAY_UNIT.text };
        const others = vms.vms.flatMap((vm, m) => (m === n ? [] : [vm.endpoint.address]));
        await must([prepareStep({ lineage: LINEAGE, vm: name, network: NETWORK, units }), peersStep(others)], n);
        await shell(IMAGE, n);
      }),
    );
  } catch (error) {
    await dispose();
    throw error;
  }
  const byVm = (processes: readonly Sleeper[]) => [...Map.groupBy(processes, ({ vm }) => vm)];
  const startOf = ({ name, index }: Sleeper) => ({ name, index, network: NETWORK, cartridge: CARTRIDGE });
  const serverOf = ({ name, index, vm }: Sleeper, gateway: number): GatewayServer => {
    const here = vm === gateway;
    return {
      name,
      address: here ? processAddress(NETWORK, index) : address(vm),
      port: here ? 80 : publishedPort(index, 0),
      wake: { address: here ? gatewayAddress(NETWORK) : address(vm), port: wakePort(index) },
    };
  };
  return {
    vms,
    ...{ address, run, shell },
    create: async (processes, argv) => {
      for (const [n, of] of byVm(processes)) {
        const outcomes = parseCreate(await run(createSteps(of.map((process) => launchOf(process, argv))), n));
        for (const { name, ready, failure } of outcomes) if (!ready) throw new Error(`${name}: ${failure ?? ''}`);
      }
    },
    remove: async (processes) => {
      for (const [n, of] of byVm(processes))
        await must(
          removeSteps(
            LINEAGE,
            of.map(({ name }) => ({ name, drain: millis(0) })),
          ),
          n,
        );
    },
    serve: async (service, of) => {
      for (const n of vms.vms.keys()) {
        const services = [{ ...SERVICE, ...service, servers: of.map((process) => serverOf(process, n)) }];
        const config = renderGateway({ vm: vmOf(n).name, services });
        await must([configureStep({ config, digest: createHash('sha256').update(config).digest('hex') })], n);
      }
    },
    sleep: async (depth, ...processes) => {
      const requests = processes.map(({ name, index }) => ({
        ...{ name, index, network: NETWORK, depth },
        wake: { port: 80, startup: STARTUP },
      }));
      return parseSleep(await run(sleepSteps(LINEAGE, requests), processes[0]?.vm));
    },
    wake: async (...processes) => parseCreate(await run(startSteps(processes.map(startOf)), processes[0]?.vm)),
    until: async (state, { name }, ...which) => {
      const stem = name.replace(/-\d+$/, '');
      const looks = `for n in $(seq 200); do
        echo 'show stat -1 4 -1' | socat - UNIX-CONNECT:/run/stratos/gateway.sock | grep -q '^${stem},${name},.*,${state},' && exit 0
        sleep 0.05
      done; exit 1`;
      await Promise.all((which.length > 0 ? which : [0]).map((n) => shell(looks, n)));
    },
    stateOf: async ({ name, vm }) => {
      const cgroup = '/sys/fs/cgroup';
      const frozen = `grep -qs FROZEN ${cgroup}/freezer/lxc.payload.${name}/freezer.state || grep -qs 'frozen 1' ${cgroup}/lxc.payload.${name}/cgroup.events`;
      const line = `if [ -z "$(cat ${cgroup}/pids/lxc.payload.${name}/cgroup.procs ${cgroup}/lxc.payload.${name}/cgroup.procs 2>/dev/null)" ]; then echo stopped; elif ${frozen}; then echo frozen; else echo awake; fi`;
      return (await shell(line, vm)).trim();
    },
    restart: async (n) => {
      const { id } = vmOf(n).machine;
      await vms.provider.stop(id);
      await vms.provider.start(id);
      await shell('systemctl is-system-running --wait || :', n);
    },
    [Symbol.asyncDispose]: dispose,
  };
}

const CARTRIDGE = aCartridge({ health: { ...aCartridge().health, startup: STARTUP } });
const SERVICE: GatewayService = {
  alias: 'shop',
  mode: 'http',
  port: 8080,
  hosts: [],
  health: { path: '/', interval: millis(1000), timeout: millis(1000) },
  servers: [],
};

function launchOf({ name, index }: Sleeper, argv?: readonly string[]): ProcessLaunch {
  const base = aLaunch();
  const runs = argv ?? ['httpd', '-f', '-p', '80', '-h', '/www'];
  const cartridge = argv ? { ...CARTRIDGE, health: { ...CARTRIDGE.health, path: undefined } } : CARTRIDGE;
  return {
    ...base,
    ...{ name, index, ordinal: index, cartridge: cartridge as typeof CARTRIDGE },
    image: { ...base.image, run: { ...base.image.run, argv: runs } },
  };
}

const IMAGE = `
  set -e
  root=/var/lib/stratos/images/${IMAGE_HEX}/rootfs
  mkdir -p $root/bin $root/www/cgi-bin $root/proc $root/sys $root/dev $root/tmp $root/etc
  cp /root/busybox $root/bin/busybox
  for applet in sh cat httpd ls sleep id env echo nc touch; do ln -sf busybox $root/bin/$applet; done
  echo 'root:x:0:0:root:/root:/bin/sh' >$root/etc/passwd
  echo hello >$root/www/index.html
  printf '#!/bin/sh\\nsleep 1\\nprintf "Content-Type: text/plain\\\\r\\\\n\\\\r\\\\nslow\\\\n"\\n' >$root/www/cgi-bin/slow
  chmod 755 $root/www/cgi-bin/slow
  chown -R 100000:100000 $root
  : >\${root%/rootfs}/complete`;

/** One request on a connection of its own. */
export function get(url: string, timeout = 20_000): Promise<Answer> {
  const began = performance.now();
  return new Promise((resolve, reject) => {
    const request = http.get(url, { agent: false, timeout }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      response.on('error', reject).on('end', () => {
        const retryAfter = response.headers['retry-after'];
        resolve({
          status: response.statusCode ?? 0,
          body,
          ...(retryAfter === undefined ? {} : { retryAfter }),
          ms: performance.now() - began,
        });
      });
    });
    request.on('timeout', () => request.destroy(new Error('no answer in time'))).on('error', reject);
  });
}

/** Sends a line by TCP and resolves with what comes back until the first line is whole. */
export function tell(host: string, port: number, line: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = net.connect(port, host, () => socket.write(`${line}\n`));
    socket.setTimeout(20_000, () => socket.destroy(new Error('no answer in time')));
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      if (!text.includes('\n')) return;
      socket.destroy();
      resolve(text.trim());
    });
    socket.on('error', reject).on('close', () => {
      reject(new Error(`closed after ${JSON.stringify(text)}`));
    });
  });
}
