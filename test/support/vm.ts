/**
 * Running VMs for host tests, made by the `local` adapter in a place of their own: own root, bridge and subnet for each call, so
 * that test runs side by side, and the machine's own VMs, never meet. The base root file system is the shared one.
 */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, readFile, readdir, rm, rmdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { withKernelLock } from '../../src/host/kernel-lock.ts';
import { rootLayout, BASE_CACHE } from '../../src/iaas/local/layout.ts';
import { localProvider } from '../../src/iaas/local/local-provider.ts';
import { readRecord } from '../../src/iaas/local/machine-record.ts';
import { releaseLocal } from '../../src/iaas/local/release.ts';
import type { IaasProvider, MachineRequest } from '../../src/iaas/provider.ts';
import type { Endpoint } from '../../src/model/endpoint.ts';
import type { Machine } from '../../src/model/observation.ts';
import { bytes, cores } from '../../src/model/quantity.ts';
import { Secret } from '../../src/model/secret.ts';
import type { LocalIaasSpec } from '../../src/model/iaas/local.ts';

const run = promisify(execFile);

/** All slots of all test runs; gone when none is in use. */
const HOME = '/var/lib/stratos-test';
const LOCK = path.join(BASE_CACHE, '..', 'test.lock');
const SLOTS = 64;

/** A private local IaaS without VMs yet, and what its VMs are made with. */
export interface TestSite extends AsyncDisposable {
  readonly spec: LocalIaasSpec;
  readonly lineage: string;
  /** Directory for files of the test; removed with the rest. */
  readonly directory: string;
  /** Private key file (0600) that every VM of {@link TestSite.request} lets in as root. */
  readonly identityFile: string;
  readonly publicKey: string;
  readonly provider: IaasProvider;
  /** A request for a VM of this name, with a host key pair of its own. */
  readonly request: (vm: string, change?: Partial<MachineRequest>) => Promise<MachineRequest>;
  /** An adapter for another project on the same machine. */
  readonly providerOf: (lineage: string) => IaasProvider;
  /** Removes VMs (of any lineage), bridge, rules and directories. */
  readonly dispose: () => Promise<void>;
}

export interface TestVm {
  readonly name: string;
  readonly machine: Machine;
  /** Has `identityFile` and the pinned host key. */
  readonly endpoint: Endpoint;
}

export interface TestVms extends AsyncDisposable {
  readonly site: TestSite;
  readonly vms: readonly TestVm[];
  /** The first VM's. */
  readonly endpoint: Endpoint;
  readonly identityFile: string;
  readonly provider: IaasProvider;
  /** Runs a shell line on a VM by the system's ssh, against the pinned key. Rejects when its status is not 0. */
  readonly ssh: (line: string, index?: number) => Promise<string>;
  readonly dispose: () => Promise<void>;
}

/** Makes running VMs named `NAME-1` …; up in 2 s once the base is there. `await using vm = await testVm()` cleans up by itself. */
export async function testVm(options: { readonly name?: string; readonly count?: number } = {}): Promise<TestVms> {
  const site = await testSite();
  try {
    const names = Array.from({ length: options.count ?? 1 }, (_, i) => `${options.name ?? 'vm'}-${i + 1}`);
    const vms = await Promise.all(
      names.map(async (name) => vmOf(site, await site.provider.create(await site.request(name)))),
    );
    const [first] = vms;
    if (!first) throw new Error('testVm needs a count of at least 1');
    return {
      site,
      vms,
      endpoint: first.endpoint,
      identityFile: site.identityFile,
      provider: site.provider,
      ssh: async (line, index = 0) => sshTo(site, (vms[index] ?? first).endpoint, line),
      dispose: site.dispose,
      [Symbol.asyncDispose]: site.dispose,
    };
  } catch (error) {
    await site.dispose();
    throw error;
  }
}

/** Claims a free slot of this machine, after sweeping those whose test run is dead. */
export async function testSite(): Promise<TestSite> {
  const slot = await withKernelLock(LOCK, claimSlot);
  const directory = path.join(HOME, `slot${slot}`);
  const spec = specOf(slot);
  const identityFile = path.join(directory, 'id');
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'stratos-test', '-f', identityFile]);
  const publicKey = (await readFile(`${identityFile}.pub`, 'utf8')).trim();
  const lineage = randomUUID();
  const providerOf = (of: string): IaasProvider =>
    localProvider(spec, { lineage: of, env: {}, onStep: () => undefined });
  const dispose = (): Promise<void> => withKernelLock(LOCK, () => giveBack(slot));
  return {
    ...{ spec, lineage, directory, identityFile, publicKey, providerOf, dispose },
    provider: providerOf(lineage),
    request: async (vm, change = {}) => ({
      vm,
      partition: 'test',
      size: { cpu: cores(2), memory: bytes(2 ** 30) },
      hostKey: await hostKey(directory),
      authorizedKey: publicKey,
      taken: [],
      ...change,
    }),
    [Symbol.asyncDispose]: dispose,
  };
}

/** A machine of a site as a test wants it. */
export function vmOf(site: TestSite, machine: Machine): TestVm {
  if (!machine.endpoint) throw new Error(`${machine.id} has no endpoint`);
  return {
    name: machine.vm ?? machine.id,
    machine,
    endpoint: { ...machine.endpoint, identityFile: site.identityFile },
  };
}

/** Runs a shell line on a machine by the system's ssh; an unknown or changed host key is a failure. */
export async function sshTo(
  site: Pick<TestSite, 'directory' | 'identityFile'>,
  endpoint: Endpoint,
  line: string,
): Promise<string> {
  const known = path.join(site.directory, `known_hosts-${randomUUID()}`);
  const name = endpoint.port === 22 ? endpoint.address : `[${endpoint.address}]:${endpoint.port}`;
  await writeFile(known, endpoint.hostKeys.map((key) => `${name} ${key}\n`).join(''));
  try {
    const strict = ['-o', 'BatchMode=yes', '-o', 'StrictHostKeyChecking=yes', '-o', `UserKnownHostsFile=${known}`];
    const which = [
      '-o',
      'GlobalKnownHostsFile=/dev/null',
      '-o',
      'IdentitiesOnly=yes',
      '-i',
      endpoint.identityFile ?? site.identityFile,
    ];
    const args = [
      '-F',
      '/dev/null',
      ...strict,
      ...which,
      '-p',
      String(endpoint.port),
      `${endpoint.user}@${endpoint.address}`,
      line,
    ];
    return (await run('ssh', args)).stdout;
  } finally {
    await rm(known, { force: true });
  }
}

/** To be called under the lock. */
async function claimSlot(): Promise<number> {
  await mkdir(HOME, { recursive: true });
  const owner = JSON.stringify({ pid: process.pid, start: await startOf(process.pid) });
  for (let slot = 0; slot < SLOTS; slot++) {
    const directory = path.join(HOME, `slot${slot}`);
    if (await isOwned(directory)) continue;
    await clearSlot(slot);
    await mkdir(directory, { recursive: true });
    await writeFile(path.join(directory, 'owner.json'), owner);
    await sweepAfter(slot);
    return slot;
  }
  throw new Error(`Cannot make test VMs as all ${SLOTS} slots of ${HOME} are in use`);
}

/** Clears what dead runs left in the slots after ours. */
async function sweepAfter(slot: number): Promise<void> {
  for (const name of await readdir(HOME)) {
    const other = Number(/^slot(\d+)$/.exec(name)?.[1] ?? -1);
    if (other > slot && !(await isOwned(path.join(HOME, name)))) await clearSlot(other);
  }
}

async function clearSlot(slot: number): Promise<void> {
  const spec = specOf(slot);
  const layout = rootLayout(spec.root);
  for (const id of await readdir(layout.vms).catch(() => [])) {
    const record = await readRecord(path.join(layout.vms, id, 'machine.json'));
    if (record) await localProvider(spec, { lineage: record.lineage, env: {}, onStep: () => undefined }).delete(id);
    // Without a label it never ran.
    else await rm(path.join(layout.vms, id), { recursive: true, force: true });
  }
  await releaseLocal(spec);
  // A measurement that was killed leaves the disk it had there.
  await run('umount', ['-l', spec.root]).catch(() => undefined);
  await rm(path.join(HOME, `slot${slot}`), { recursive: true, force: true });
  await rmdir(HOME).catch(() => undefined);
}

/** To be called under the lock, which goes with the last slot. */
async function giveBack(slot: number): Promise<void> {
  await clearSlot(slot);
  const others = await readdir(HOME).catch(() => []);
  if (others.length === 0) await rm(LOCK, { force: true });
}

/** Whether the test run that claimed a slot still lives; a process id alone may have been given again. */
async function isOwned(directory: string): Promise<boolean> {
  try {
    const owner = JSON.parse(await readFile(path.join(directory, 'owner.json'), 'utf8')) as {
      pid: number;
      start: string;
    };
    return owner.start === (await startOf(owner.pid));
  } catch {
    return false;
  }
}

/** When a process started, in clock ticks since boot: the 22nd field, counted after the name in parentheses. */
async function startOf(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

function specOf(slot: number): LocalIaasSpec {
  return {
    kind: 'local',
    name: 'test',
    bridge: `stratostest${slot}`,
    subnet: `10.219.${slot}.0/24`,
    root: path.join(HOME, `slot${slot}`, 'local'),
  };
}

async function hostKey(directory: string): Promise<MachineRequest['hostKey']> {
  const file = path.join(directory, `host-${randomUUID()}`);
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', file]);
  const [privateKey, publicKey] = await Promise.all([readFile(file, 'utf8'), readFile(`${file}.pub`, 'utf8')]);
  await Promise.all([rm(file), rm(`${file}.pub`)]);
  return { privateKey: new Secret(privateKey), publicKey: publicKey.trim() };
}
