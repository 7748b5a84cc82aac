/** Runs a command line in this process, with use cases made by hand and streams that keep what is written. */
import { instant, millis } from '../../src/model/quantity.ts';
import type { CommandContext } from '../../src/commands/context.ts';
import type { GlobalOptions } from '../../src/commands/global-options.ts';
import { runCommandLine } from '../../src/commands/run-command-line.ts';
import type { UseCases } from '../../src/commands/use-cases.ts';
import type { InventoryStore } from '../../src/inventory/inventory-store.ts';
import type { Inventory } from '../../src/model/inventory.ts';
import type { Plan } from '../../src/model/plan.ts';
import type { Spec } from '../../src/model/spec.ts';
import type { Deps } from '../../src/reconcile/deps.ts';
import type { RunOutcome } from '../../src/reconcile/reconcile.ts';
import { bufferIo } from '../../src/report/io.ts';
import type { BufferSettings } from '../../src/report/io.ts';

export interface CliSettings extends BufferSettings {
  readonly use?: Partial<UseCases>;
  readonly deps?: Partial<Deps>;
  readonly signal?: AbortSignal;
}

export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Global options each time the project was opened. */
  readonly opened: readonly GlobalOptions[];
}

/** Runs `stratos ARGS`. */
export async function cli(args: readonly string[], settings: CliSettings = {}): Promise<CliResult> {
  const io = bufferIo(settings);
  const opened: GlobalOptions[] = [];
  const code = await runCommandLine(args, {
    io,
    signal: settings.signal ?? new AbortController().signal,
    use: (settings.use ?? {}) as UseCases,
    open: (globals) => {
      opened.push(globals);
      return Promise.resolve(someDeps(settings.deps));
    },
    settle: () => undefined,
  });
  return { code, stdout: io.stdout(), stderr: io.stderr(), opened };
}

/** A context for a builder that gets a run function of the test's own. */
export function someContext(settings: BufferSettings = {}): CommandContext & { readonly codes: number[] } {
  const codes: number[] = [];
  return {
    io: bufferIo(settings),
    signal: new AbortController().signal,
    use: {} as UseCases,
    open: () => Promise.resolve(someDeps()),
    settle: () => undefined,
    exit: (code) => codes.push(code),
    codes,
  };
}

export const NO_GLOBALS: GlobalOptions = {
  output: 'table',
  debug: false,
  quiet: false,
  yes: false,
  lockTimeout: millis(0),
};

/** Dependencies that hold an inventory and nothing else; whatever is not given must not be touched. */
export function someDeps(given: Partial<Deps> = {}): Deps {
  const untouched = (name: string) => () => {
    throw new Error(`${name} was used`);
  };
  return {
    directory: '/srv/fleet',
    loadSpec: untouched('the spec'),
    inventory: memoryInventory(anInventory()),
    prices: { read: untouched('the prices'), write: untouched('the prices') },
    memory: { recall: untouched('the memory of runs'), remember: untouched('the memory of runs') },
    transport: {
      open: () => undefined,
      run: untouched('ssh'),
      copy: untouched('ssh'),
      feed: untouched('ssh'),
      interactive: untouched('ssh'),
      close: untouched('ssh'),
    },
    storeOf: untouched('the store'),
    openStore: untouched('a registry'),
    signaturesOf: untouched('signatures'),
    providerOf: untouched('the IaaS'),
    identity: untouched('the identity'),
    who: () => 'op@desk',
    runHook: () => Promise.resolve(undefined),
    fingerprintKey: untouched('the key for fingerprints'),
    env: {},
    now: () => instant(0),
    emit: () => undefined,
    beginRun: () => 'run',
    ...given,
  };
}

/** An inventory in memory, not locked. */
export function memoryInventory(inventory: Inventory, more: Partial<InventoryStore> = {}): InventoryStore {
  return {
    location: '/srv/fleet/inventory.yaml',
    read: () => Promise.resolve(inventory),
    write: (next) => Promise.resolve(next),
    lock: () => Promise.reject(new Error('locked')),
    holder: () => Promise.resolve(undefined),
    unlock: () => Promise.reject(new Error('not locked')),
    ...more,
  };
}

/** Two VMs with two processes of `shop` each. */
export function anInventory(): Inventory {
  const vm = (n: number): Inventory['vms'][number] => ({
    name: `web-${String(n)}`,
    partition: 'web',
    iaas: 'lab',
    state: 'ready',
    machine: `m${String(n)}`,
    endpoint: { address: `192.0.2.${String(n)}`, port: 22, user: 'root', hostKeys: ['ssh-ed25519 AAAA'] },
    size: { cpu: 2, memory: 2 ** 31 } as Inventory['vms'][number]['size'],
    cordoned: false,
    draining: false,
    createdAt: '2026-05-01T10:00:00.000Z',
  });
  const process = (n: number): Inventory['processes'][number] => ({
    name: `shop-${String(n)}`,
    subscription: 'shop',
    ordinal: n,
    vm: `web-${String(Math.ceil(n / 2))}`,
    index: 2 - (n % 2),
    image: DIGEST,
    fingerprint: 'f1',
    state: 'ready',
    createdAt: '2026-05-01T10:00:00.000Z',
  });
  return { lineage: LINEAGE, serial: 7, vms: [1, 2].map(vm), processes: [1, 2, 3, 4].map(process) };
}

export const LINEAGE = '6f0d7c1e-0000-4000-8000-000000000001';
export const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`;

/** A plan with the given stages. */
export function aPlan(more: Partial<Plan> = {}): Plan {
  return {
    version: 1,
    lineage: LINEAGE,
    serial: 7,
    specDigest: 'd'.repeat(64),
    observedAt: instant(1_777_629_600_000),
    stages: [],
    holds: [],
    notices: [],
    ...more,
  };
}

/** The outcome of a run that did nothing. */
export function anOutcome(more: Partial<RunOutcome> = {}): RunOutcome {
  return { run: 'run-1', plan: aPlan(), done: 0, failed: [], skipped: 0, unreachable: [], alarms: [], ms: 42, ...more };
}

/** The part of a spec that views look at. */
export function aSpec(): Spec {
  return {
    file: '/srv/fleet/stratos.yaml',
    iaas: {},
    partitions: {},
    cartridges: { php: { name: 'php', image: 'php:8.2' } },
    subscriptions: { shop: { alias: 'shop', cartridge: 'php' } },
    store: { kind: 'directory', path: '/srv/fleet/.stratos/store' },
    stores: {},
  } as unknown as Spec;
}
