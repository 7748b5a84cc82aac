/**
 * Looking at this project's instances. EC2 is eventually consistent: what was just made may not be found for a while, and is then
 * told of from what its creation answered.
 */
import type { Filter, Instance } from '@aws-sdk/client-ec2';
import { untilAborted } from '../../concurrency/interrupted.ts';
import { LABEL } from '../cloud/labels.ts';
import { together } from '../cloud/together.ts';
import type { Ec2Api } from './api.ts';

export interface Instances {
  /** All that are not terminated. */
  all(signal?: AbortSignal): Promise<readonly Instance[]>;
  /** Those of one VM that are not terminated. */
  of(vm: string, signal?: AbortSignal): Promise<readonly Instance[]>;
  /** One in any state; undefined when it is neither found nor fresh, or is none of this project's. */
  one(id: string, signal?: AbortSignal): Promise<Instance | undefined>;
  /** Whether it was made a moment ago and nobody has found it since: not to be found does not mean gone. */
  isFresh(id: string): boolean;
  /** Remembers what was just made, until it is found. */
  made(instance: Instance): void;
  /** Not to be found means gone again. */
  forget(id: string): void;
}

const ALIVE: Filter = {
  Name: 'instance-state-name',
  Values: ['pending', 'running', 'shutting-down', 'stopping', 'stopped'],
};
/** How long in ms something may not be found after it was made. */
const FRESH = 5 * 60_000;
/** Most of one page; EC2 takes no more. */
const PAGE = 1000;
/** Most values of a filter; EC2 takes no more. */
const FILTER_VALUES = 200;

/** @param now for tests */
export function instances(
  api: Ec2Api,
  iaas: string,
  lineage: string,
  now: () => number = () => performance.now(),
): Instances {
  const fresh = new Map<string, { readonly instance: Instance; readonly until: number }>();
  const ours: Filter = { Name: `tag:${LABEL.lineage}`, Values: [lineage] };

  async function find(filters: readonly Filter[], signal?: AbortSignal): Promise<readonly Instance[]> {
    const found = await api.pages(
      `list the machines of ${iaas}`,
      async (ec2, token, options) => {
        const input = { ...token, Filters: [ours, ...filters], MaxResults: PAGE };
        const { Reservations = [], NextToken: next } = await ec2.describeInstances(input, options);
        return { items: Reservations.flatMap(({ Instances: each = [] }) => each), next };
      },
      signal,
    );
    for (const { InstanceId: id = '' } of found) fresh.delete(id);
    return found;
  }

  /** What was made and is not among those found. */
  function missing(found: readonly Instance[]): readonly Instance[] {
    const known = new Set(found.map(({ InstanceId: id }) => id));
    for (const [id, { until }] of fresh) if (until < now()) fresh.delete(id);
    return [...fresh.values()].flatMap(({ instance }) => (known.has(instance.InstanceId) ? [] : [instance]));
  }

  const look = together(
    async (ids) => {
      const found = await find([{ Name: 'instance-id', Values: [...ids] }]);
      return new Map(found.map((instance) => [instance.InstanceId ?? '', instance]));
    },
    { window: 20, most: FILTER_VALUES },
  );

  return {
    async all(signal) {
      const found = await find([ALIVE], signal);
      return [...found, ...missing(found)];
    },
    async of(vm, signal) {
      const found = await find([{ Name: `tag:${LABEL.vm}`, Values: [vm] }, ALIVE], signal);
      const mine = missing(found).filter(({ Tags = [] }) =>
        Tags.some(({ Key, Value }) => Key === LABEL.vm && Value === vm),
      );
      return [...found, ...mine];
    },
    async one(id, signal) {
      // What cannot be an id need not be asked for.
      if (!/^i-[0-9a-f]{8,17}$/.test(id)) return undefined;
      const found = await untilAborted(look(id), signal);
      return found ?? missing([]).find(({ InstanceId }) => InstanceId === id);
    },
    isFresh: (id) => (fresh.get(id)?.until ?? 0) >= now(),
    made(instance) {
      if (instance.InstanceId !== undefined) fresh.set(instance.InstanceId, { instance, until: now() + FRESH });
    },
    forget: (id) => void fresh.delete(id),
  };
}
