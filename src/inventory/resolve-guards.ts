/** `guards:`: bounds over the whole fleet. */
import { DEFAULT_GUARDS } from '../model/policy.ts';
import type { GuardsSpec } from '../model/policy.ts';
import type { PartitionSpec } from '../model/spec.ts';
import type { RawGuards } from './raw/guards.ts';
import { shareOf } from './read-quantity.ts';
import { problemAt } from './spec-files.ts';
import type { Single } from './spec-files.ts';
import type { SpecProblem } from '../model/errors.ts';

/** The guards of a spec; problems are added to `problems`. */
export function resolveGuards(
  given: Single<RawGuards> | undefined,
  partitions: Readonly<Record<string, PartitionSpec>>,
  problems: SpecProblem[],
): GuardsSpec {
  if (!given) return DEFAULT_GUARDS;
  const { value: raw, source } = given;
  const tell = (key: string, message: string): void => {
    problems.push(problemAt(source, ['guards', key], message));
  };
  const pools = Object.values(partitions);
  const least = pools.reduce((sum, { policy }) => sum + policy.vms.min, 0);
  if (raw.maxVms !== undefined && raw.maxVms < least)
    tell(
      'maxVms',
      `guards.maxVms must not be below what the minimums of the partitions add up to: ${String(raw.maxVms)} < ${String(least)}`,
    );
  if (raw.maxCostPerHour !== undefined && pools.length > 0 && !pools.some(hasPrice))
    tell('maxCostPerHour', 'guards.maxCostPerHour would guard nothing as no entry of a placement has a price');
  return {
    maxVms: raw.maxVms ?? DEFAULT_GUARDS.maxVms,
    ...(raw.maxCostPerHour === undefined ? {} : { maxCostPerHour: raw.maxCostPerHour }),
    maxChangesPerRun: raw.maxChangesPerRun ?? DEFAULT_GUARDS.maxChangesPerRun,
    disruption: shareOf(raw.disruption, DEFAULT_GUARDS.disruption),
    breaker: {
      bootFailures: raw.breaker?.bootFailures ?? DEFAULT_GUARDS.breaker.bootFailures,
      unreachable: shareOf(raw.breaker?.unreachable, DEFAULT_GUARDS.breaker.unreachable),
    },
  };
}

function hasPrice({ placement }: PartitionSpec): boolean {
  return placement.some(({ price, sizes }) => price !== undefined || sizes?.some((size) => size.price !== undefined));
}
