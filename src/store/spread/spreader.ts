/**
 * Spreads images over many VMs of one run: the first few get them from the operator, the others from those. A VM that drops out
 * stops nobody: who was to take from it takes from another, at last from the operator.
 */
import { randomBytes } from 'node:crypto';
import type { Pacer } from '../../concurrency/pacer.ts';
import { RemoteCommandError } from '../../model/errors.ts';
import type { Endpoint } from '../../model/endpoint.ts';
import type { Transport } from '../../ssh/transport.ts';
import { distributeImage, type DistributeOptions, type Distribution } from '../distribute.ts';
import { closeStep, openStep, type Giver } from './giver.ts';
import { nextTransfers } from './turns.ts';

export interface SpreadSettings {
  readonly transport: Transport;
  /** How many VMs the operator gives to, and each VM at one time. */
  readonly fanOut: number;
  /** Blobs stay on the VMs for those that come in later runs. */
  readonly keep?: boolean;
  /** What goes out of the operator's machine, for all VMs together. */
  readonly pacer?: Pacer;
}

export interface BringOptions extends Omit<
  DistributeOptions,
  'transport' | 'pacer' | 'keep' | 'giver' | 'onGiverLost'
> {
  /** VMs that should have the image from an earlier run; one that has not kept its blobs is found out. */
  readonly neighbours?: readonly Neighbour[];
}

export type Neighbour = Pick<DistributeOptions, 'vm' | 'endpoint'>;

export interface Spreader {
  /** Says that one more VM will want an image: those of which more VMs want one than the operator gives to are kept to be given on. */
  expect(digest: string, privileged: boolean): void;
  /** Makes an image complete on a VM, from whoever is best. @throws what {@link distributeImage} throws */
  bring(options: BringOptions): Promise<Distribution>;
  /** Takes back what was opened on VMs: key and kept blobs. Never fails; what cannot be reached lapses by itself. */
  close(): Promise<void>;
}

/** One image in one variant on its way to many. */
interface Swarm {
  readonly givers: Map<string, Neighbour>;
  readonly running: (string | undefined)[];
  readonly waiting: { readonly vm: string; readonly begin: (from: string | undefined) => void }[];
}

/** Makes a spreader; no key is made before a VM is to give. */
export function spreader({ transport, fanOut, pacer, keep = false }: SpreadSettings): Spreader {
  const swarms = new Map<string, Swarm>();
  const run = randomBytes(8).toString('hex');
  const opened = new Map<string, Promise<Giver>>();
  /** Blobs that each VM has kept for others of this run. */
  const kept = new Map<string, { readonly endpoint: Endpoint; readonly blobs: Set<string> }>();
  let key: Promise<Giver['key']> | undefined;

  const note = (vm: string, endpoint: Endpoint, blobs: readonly string[]): void => {
    const known = kept.get(vm) ?? { endpoint, blobs: new Set<string>() };
    kept.set(vm, known);
    for (const blob of blobs) known.blobs.add(blob);
  };

  const open = ({ vm, endpoint }: Neighbour): Promise<Giver> => {
    const known = opened.get(vm);
    if (known) return known;
    const opening = (async () => {
      key ??= import('../../ssh/key-pair.ts').then(({ generateKeyPair }) => generateKeyPair(`stratos-run-${run}`));
      const pair = await key;
      const [result] = await transport.run(vm, endpoint, { steps: [openStep(endpoint.user, run, pair)] });
      if (result?.status !== 0)
        throw new RemoteCommandError(`Cannot open ${vm} to other VMs: ${result?.stderr ?? 'nothing came back'}`);
      return { vm, endpoint, key: pair };
    })();
    opened.set(vm, opening);
    note(vm, endpoint, []);
    return opening;
  };

  const pump = (swarm: Swarm): void => {
    const state = { ...swarm, waiting: swarm.waiting.map(({ vm }) => vm), givers: [...swarm.givers.keys()] };
    for (const { to, from } of nextTransfers(state, fanOut)) {
      const at = swarm.waiting.findIndex(({ vm }) => vm === to);
      const [next] = swarm.waiting.splice(at, 1);
      swarm.running.push(from);
      next?.begin(from);
    }
  };

  const turn = (swarm: Swarm, vm: string, signal: AbortSignal | undefined): Promise<string | undefined> =>
    new Promise((begin) => {
      swarm.waiting.push({ vm, begin });
      // It then fails by its own signal, and leaves its place.
      signal?.addEventListener('abort', () => {
        pumpOut(swarm, vm, begin);
      });
      queueMicrotask(() => {
        pump(swarm);
      });
    });

  const pumpOut = (swarm: Swarm, vm: string, begin: (from: undefined) => void): void => {
    const at = swarm.waiting.findIndex((entry) => entry.vm === vm);
    if (at === -1) return;
    swarm.waiting.splice(at, 1);
    swarm.running.push(undefined);
    begin(undefined);
  };

  const expected = new Map<string, number>();
  return {
    expect(digest, privileged) {
      const id = idOf(digest, privileged);
      expected.set(id, (expected.get(id) ?? 0) + 1);
    },
    async bring(options) {
      const { image, vm, endpoint, privileged, signal, neighbours = [] } = options;
      const rest = { ...options, transport, ...(pacer && { pacer }) };
      const id = idOf(image.digest, privileged === true);
      if ((expected.get(id) ?? 1) <= fanOut && neighbours.length === 0) return distributeImage({ ...rest, keep });
      const swarm = swarms.get(id) ?? swarmOf(neighbours);
      swarms.set(id, swarm);
      const from = await turn(swarm, vm, signal);
      const lose = (): void => {
        if (from !== undefined) swarm.givers.delete(from);
      };
      try {
        const source = from === undefined ? undefined : swarm.givers.get(from);
        const giver = source && (await open(source).catch(lose));
        note(
          vm,
          endpoint,
          image.layers.map((layer) => layer.digest),
        );
        const done = await distributeImage({ ...rest, keep: true, ...(giver && { giver, onGiverLost: lose }) });
        swarm.givers.set(vm, { vm, endpoint });
        return done;
      } finally {
        swarm.running.splice(swarm.running.indexOf(from), 1);
        pump(swarm);
      }
    },
    async close() {
      const work = [...kept].map(async ([vm, { endpoint, blobs }]) => {
        if (keep && !opened.has(vm)) return;
        await transport.run(vm, endpoint, { steps: [closeStep(endpoint.user, run, keep ? [] : [...blobs])] });
      });
      await Promise.allSettled(work);
    },
  };
}

const swarmOf = (neighbours: readonly Neighbour[]): Swarm => ({
  givers: new Map(neighbours.map((neighbour) => [neighbour.vm, neighbour])),
  running: [],
  waiting: [],
});

const idOf = (digest: string, privileged: boolean): string => `${digest}/${String(privileged)}`;
