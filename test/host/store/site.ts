/** A prepared VM with a transport to it, on which images are unpacked and run as in production. */
import { join } from 'node:path';
import { LAYOUT } from '../../../src/lxc/layout.ts';
import { prepareStep } from '../../../src/lxc/prepare.ts';
import { createSteps, parseCreate, removeSteps } from '../../../src/lxc/process-lifecycle.ts';
import type { Image } from '../../../src/model/image.ts';
import { bytes, cores, millis } from '../../../src/model/quantity.ts';
import type { CartridgeSpec, ResourceSpec } from '../../../src/model/spec.ts';
import { quote } from '../../../src/shell/quote.ts';
import { sshTransport } from '../../../src/ssh/ssh-transport.ts';
import type { Transport } from '../../../src/ssh/transport.ts';
import { distributeImage } from '../../../src/store/distribute.ts';
import type { DistributeOptions, Distribution } from '../../../src/store/distribute.ts';
import type { DirectoryStore } from '../../../src/store/directory-store.ts';
import { testVm } from '../../support/vm.ts';
import type { TestVms } from '../../support/vm.ts';

const NETWORK = '10.66.0.0/22';

export interface PreparedVm extends AsyncDisposable {
  readonly vm: TestVms;
  readonly transport: Transport;
  distribute(store: DirectoryStore, image: Image, options?: Partial<DistributeOptions>): Promise<Distribution>;
  /** Starts a process of the image, asks it for `/`, and ends it with TERM. */
  serve(
    image: Image,
    port: number,
    meanwhile?: (process: Served) => Promise<void>,
    limits?: Partial<ResourceSpec>,
    security?: CartridgeSpec['security'],
  ): Promise<Answer>;
}

/** A process that runs. */
export interface Served {
  readonly name: string;
  /** What it answers for a path. */
  readonly get: (path: string) => Promise<string>;
  /** Runs a shell line in it, as root. */
  readonly exec: (line: string) => Promise<string>;
}

export interface Answer {
  readonly body: string;
  /** From the start of its container to its first good answer, in ms. */
  readonly readyMs: number;
  /** What it wrote to standard output and error. */
  readonly log: string;
  /** From asking it to stop to its end, in ms. */
  readonly stopMs: number;
  /** What it wrote, its end included. */
  readonly ended: string;
}

export async function preparedVm(): Promise<PreparedVm> {
  const vm = await testVm({ name: 'store' });
  const { lineage, directory } = vm.site;
  const transport = sshTransport({ directory: join(directory, 'ssh'), env: process.env });
  const step = prepareStep({ lineage, vm: 'store-1', network: NETWORK, units: {} });
  const [prepared] = await transport.run('store-1', vm.endpoint, { steps: [step], timeout: millis(300_000) });
  if (prepared?.status !== 0) throw new Error(`preparation: ${prepared?.stderr ?? 'no answer'}`);
  let count = 0;
  return {
    vm,
    transport,
    distribute: (store, image, options = {}) =>
      distributeImage({ transport, vm: 'store-1', endpoint: vm.endpoint, store, image, ...options }),
    async serve(image, port, meanwhile, limits = {}, security = { privileged: false }) {
      count += 1;
      const name = `served-${String(count)}`;
      const steps = createSteps([
        {
          ...{ name, subscription: 'served', ordinal: count, index: count, network: NETWORK, lineage, image },
          fingerprint: name,
          env: {},
          cartridge: {
            name: 'served',
            image: image.digest,
            partition: 'web',
            ports: [{ name: 'http', port, protocol: 'http' }],
            health: { path: '/', port: 'http', interval: millis(500), timeout: millis(1000), startup: millis(90_000) },
            resources: { memory: bytes(512 * 2 ** 20), cpu: cores(2), pids: 512, ...limits },
            env: {},
            volumes: [{ name: 'kept', path: '/kept' }],
            security,
            runtime: 'lxc',
          },
        },
      ]);
      const results = await transport.run('store-1', vm.endpoint, { steps });
      const [outcome] = parseCreate(results);
      const unit = `stratos-process@${name}.service`;
      if (outcome?.ready !== true) {
        const log = await vm.ssh(`journalctl -q --no-pager -n 30 -u ${unit}`);
        throw new Error(`${outcome?.failure ?? results.map((result) => result.stderr).join('\n')}\n${log}`);
      }
      const address = `10.66.${String(Math.floor((1 + count) / 256))}.${String(1 + count)}`;
      const get = (path: string): Promise<string> =>
        vm.ssh(`curl -s --max-time 10 'http://${address}:${String(port)}${path}'`);
      const body = await get('/');
      const exec = (line: string): Promise<string> =>
        vm.ssh(`lxc-attach -P ${LAYOUT.processes} -n ${name} -- sh -c ${quote(line)}`);
      await meanwhile?.({ name, get, exec });
      const log = await vm.ssh(`journalctl -q --no-pager -o cat -u ${unit}`);
      const started = Date.now();
      await vm.ssh(`systemctl stop ${unit}`);
      const stopMs = Date.now() - started;
      const ended = await vm.ssh(`journalctl -q --no-pager -o cat -u ${unit}`);
      await transport.run('store-1', vm.endpoint, { steps: removeSteps(lineage, [{ name, drain: millis(0) }]) });
      return { body, readyMs: outcome.ms, log, stopMs, ended };
    },
    async [Symbol.asyncDispose]() {
      await transport.close();
      await vm.dispose();
    },
  };
}

/** Folder of an image on the VM. */
export const imageFolder = (image: Image): string => `${LAYOUT.images}/${image.digest.slice('sha256:'.length)}`;
