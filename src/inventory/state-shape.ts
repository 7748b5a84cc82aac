/** What counters and policy's memory must look like, so that a file that somebody damaged harms nobody. */
import { REFUSALS } from '../model/errors.ts';
import { nested, optional, shapeProblem, type FieldRule, type Shape } from './record-shape.ts';

/** What is wrong with counters that were read; undefined: nothing. */
export function countersProblem(value: unknown): string | undefined {
  return shapeProblem(value, COUNTERS);
}

/** What is wrong with policy's memory that was read; undefined: nothing. */
export function memoryProblem(value: unknown): string | undefined {
  return shapeProblem(value, MEMORY);
}

/** JSON has no NaN, but 1e999 is without end. */
const amount: FieldRule = (value) =>
  typeof value === 'number' && Number.isFinite(value) ? undefined : 'must be a number';

function mapOf(rule: FieldRule): FieldRule {
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'must be a mapping';
    for (const key in value) {
      const problem = shapeProblem({ of: (value as Record<string, unknown>)[key] }, { of: rule });
      if (problem !== undefined) return `of ${JSON.stringify(key)} ${problem.replace(/^of /, '')}`;
    }
    return undefined;
  };
}

function listOf(shape: Shape): FieldRule {
  return (value) => {
    if (!Array.isArray(value)) return 'must be a list';
    for (const entry of value) {
      const problem = shapeProblem(entry, shape);
      if (problem !== undefined) return `has a wrong entry: ${problem}`;
    }
    return undefined;
  };
}

const COUNTERS: Shape = {
  vms: mapOf(
    nested({
      at: amount,
      bootId: 'string',
      uptime: amount,
      cpuSeconds: optional(amount),
      processes: mapOf(nested({ start: 'string?', cpuSeconds: amount })),
      gateway: optional(
        nested({
          worker: 'string?',
          servers: mapOf(nested({ requests: optional(amount), errors: optional(amount) })),
          refused: mapOf(amount),
        }),
      ),
    }),
  ),
  lastUsed: mapOf(amount),
};

const MEMORY: Shape = {
  subscriptions: mapOf(
    nested({
      desired: optional(amount),
      raisedAt: optional(amount),
      loweredAt: optional(amount),
      panic: optional(nested({ since: amount, last: amount, count: amount })),
      wanted: listOf({ at: amount, count: amount }),
    }),
  ),
  vms: mapOf(nested({ unneededSince: optional(amount), grewAt: optional(amount) })),
  idleSince: mapOf(amount),
  bootFailures: mapOf(amount),
  bootFailedAt: optional(mapOf(amount)),
  refusals: optional(
    mapOf(
      nested({
        iaas: 'string',
        zone: 'string?',
        partition: 'string?',
        failure: REFUSALS,
        since: amount,
        at: amount,
        until: amount,
        times: amount,
      }),
    ),
  ),
  rollouts: optional(mapOf(nested({ revision: amount, at: amount, requests: amount, errors: amount }))),
};
