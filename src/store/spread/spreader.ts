/**
 * Spreads images over many VMs of one run: the first few get them from the operator, the others from those, each layer while it
 * comes there. A VM that drops out stops nobody: who was to take from it takes from another, at last from the operator.
 */
import { randomBytes } from 'node:crypto';
import { pacer } from '../../concurrency/pacer.ts';
import { RemoteCommandError } from '../../model/errors.ts';
import type { Endpoint } from '../../model/endpoint.ts';
import type { Image } from '../../model/image.ts';
import { DEFAULT_FAN_OUT } from '../../model/spec.ts';
import type { Transport } from '../../ssh/transport.ts';
import { distributeImage, type DistributeOptions, type Distribution } from '../distribute.ts';
import { SIDE_BY_SIDE } from '../distribute-options.ts';
import { arrivalOf, type Giving } from './arrival.ts';
import { closeStep, openStep, type Giver } from './giver.ts';
import { nextTransfers } from './turns.ts';

export interface SpreadSettings {
  readonly transport: Transport;
  /** How many VMs the operator gives to, and each VM at one time. Default {@link DEFAULT_FAN_OUT}, and a {@link LARGE} image to one. */
  readonly fanOut?: number | undefined;
  /** Blobs stay on the VMs for those that come in later runs. */
  readonly keep?: boolean;
  /** Bytes per second that leave this machine, and each VM that gives, for all VMs together. */
  readonly limit?: number;
}

export interface BringOptions extends Omit<
  DistributeOptions,
  'transport' | 'pacer' | 'keep' | 'giver' | 'findGiver' | 'onGiverLost'
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

/** From so many bytes on the line of the operator counts for more than the time until a VM can give. */
const LARGE = 16 * 2 ** 20;

type Source = Neighbour & Pick<Giver, 'gives'>;

/** One image in one variant on its way to many. */
interface Swarm {
  /** How many VMs the operator gives to. */
  readonly seeds: number;
  /** VMs that have it, and those that are getting it. */
  readonly givers: Map<string, Source>;
  readonly running: (string | undefined)[];
  readonly waiting: { readonly vm: string; readonly begin: (from: string | undefined) => void }[];
}

/** Makes a spreader; no key is made before a VM is to give. */
export function spreader({ transport, limit, keep = false, ...settings }: SpreadSettings): Spreader {
  const fanOut = settings.fanOut ?? DEFAULT_FAN_OUT;
  const swarms = new Map<string, Swarm>();
  const pace = limit === undefined ? {} : { pacer: pacer(limit) };
  const share = limit === undefined ? {} : { share: limit / fanOut / SIDE_BY_SIDE };
  const run = randomBytes(8).toString('hex');
  const opened = new Map<string, Promise<Giver>>();
  /** Blobs that each VM has kept for others of this run. */
  const kept = new Map<string, { readonly endpoint: Endpoint; readonly blobs: Set<string> }>();
  /** What came to each VM in this run. */
  const came = new Map<string, Set<string>>();
  /** VMs that did not reach another: not to wait for that at each layer, they get all from the operator. */
  const alone = new Set<string>();
  let key: Promise<Giver['key']> | undefined;

  const broughtTo = (vm: string): Set<string> => {
    const known = came.get(vm) ?? new Set();
    came.set(vm, known);
    return known;
  };

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
      const [result] = await transport.run(vm, endpoint, { steps: [openStep(endpoint.user, run, pair, limit)] });
      if (result?.status !== 0)
        throw new RemoteCommandError(`Cannot open ${vm} to other VMs: ${result?.stderr ?? 'nothing came back'}`);
      return { vm, endpoint, key: pair, ...share };
    })();
    opened.set(vm, opening);
    note(vm, endpoint, []);
    return opening;
  };

  /** Until nobody else can begin: whoever has begun may give to the next. */
  const pump = (swarm: Swarm): void => {
    for (;;) {
      const [waiting, givers] = [swarm.waiting.map(({ vm }) => vm), [...swarm.givers.keys()]];
      // Who is getting it from the operator is among the givers already.
      const running = swarm.running.filter((from) => from !== undefined);
      const transfers = nextTransfers({ waiting, givers, running }, fanOut, swarm.seeds);
      if (transfers.length === 0) return;
      for (const { to, from } of transfers) {
        const at = swarm.waiting.findIndex(({ vm }) => vm === to);
        const [next] = swarm.waiting.splice(at, 1);
        swarm.running.push(from);
        next?.begin(from);
      }
    }
  };

  const turn = (swarm: Swarm, to: Source, signal: AbortSignal | undefined): Promise<string | undefined> =>
    new Promise((resolve) => {
      const { vm } = to;
      const begin = (from: string | undefined): void => {
        swarm.givers.set(vm, to);
        resolve(from);
      };
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
      const rest = { ...options, transport, ...pace };
      const id = idOf(image.digest, privileged === true);
      const seeds = settings.fanOut ?? (sizeOf(image) < LARGE ? fanOut : 1);
      if ((expected.get(id) ?? 1) <= seeds && neighbours.length === 0) return distributeImage({ ...rest, keep });
      const swarm = swarms.get(id) ?? swarmOf(seeds, neighbours);
      swarms.set(id, swarm);
      const arrival = arrivalOf(image);
      const from = await turn(swarm, { vm, endpoint, gives: arrival.gives }, signal);
      const lose = (): void => {
        if (from !== undefined) swarm.givers.delete(from);
      };
      const brought = broughtTo(vm);
      const isKept = (digest: string): boolean => keep || brought.has(digest);
      try {
        const source = from === undefined || alone.has(vm) ? undefined : swarm.givers.get(from);
        const gives = async (digest: string): Promise<Giving> => {
          const giving = alone.has(vm) || !source?.gives ? 'there' : await source.gives(digest);
          return alone.has(vm) ? undefined : giving;
        };
        const onGiverLost: DistributeOptions['onGiverLost'] = (why) => {
          if (why === 'unreached') alone.add(vm);
          lose();
        };
        return await distributeImage({
          ...rest,
          keep: true,
          // Where all is there nothing is opened, and nothing has to be taken back.
          findGiver: async (missing) => {
            arrival.expect(missing, isKept);
            note(vm, endpoint, missing);
            if (!source) return undefined;
            try {
              return { ...(await open(source)), gives };
            } catch {
              lose();
              return undefined;
            }
          },
          onGiverLost,
          onBegin: arrival.begins,
          onLayer: (digest) => {
            brought.add(digest);
            arrival.came(digest);
          },
        });
      } catch (error) {
        swarm.givers.delete(vm);
        throw error;
      } finally {
        arrival.over(isKept);
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

const swarmOf = (seeds: number, neighbours: readonly Neighbour[]): Swarm => ({
  seeds,
  givers: new Map(neighbours.map((neighbour) => [neighbour.vm, neighbour])),
  running: [],
  waiting: [],
});

const idOf = (digest: string, privileged: boolean): string => `${digest}/${String(privileged)}`;

const sizeOf = ({ layers }: Image): number => layers.reduce((sum, { size }) => sum + size, 0);
