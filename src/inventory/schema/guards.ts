/** Schema of `guards:`. */
import type { JsonSchema } from './json-schema.ts';
import { mapping, term } from './terms.ts';

/** `guards:` itself. */
export const GUARDS: JsonSchema = {
  description: 'Bounds over the whole fleet, whatever the policies want.',
  ...mapping({
    maxVms: term('positive', { description: 'Most machines that carry our label, in any state. Default: no bound.' }),
    maxCostPerHour: term('aboveZero', {
      description: 'Most that all machines may cost in an hour, in the unit of the prices under `placement`. Default: no bound.',
    }),
    maxChangesPerRun: term('positive', {
      description: 'Most processes and machines that one run creates, removes or puts to sleep. Default: no bound.',
    }),
    disruption: term('share', {
      description:
        'Share of a subscription’s ready processes, or a partition’s VMs, that policy may take down at a time; always at least one.',
      default: '10%',
    }),
    breaker: mapping(
      {
        bootFailures: term('positive', {
          description: 'Machines in a row that do not come up, after which no more are made.',
          default: 3,
        }),
        unreachable: term('share', {
          description: 'Share of unreachable VMs from which nothing is made or removed; at least 4 must be unreachable.',
          default: '45%',
        }),
      },
      { description: 'When policy stops and calls for a person: it holds, alarms and exits with 5.' },
    ),
  }),
  examples: [{ maxVms: 12, maxCostPerHour: 2.5 }],
};
