/** Schema of rollout policies: how processes are replaced by others. */
import type { JsonSchema } from './json-schema.ts';
import { mapping, term } from './terms.ts';

const canary: JsonSchema = mapping(
  {
    share: term('share', { description: 'Share of the requests that its processes get together.', default: '10%' }),
    processes: term('positive', { description: 'How many there are, beside the old ones.', default: 1 }),
    for: term('duration', { description: 'How long it is watched before it is promoted by itself.', default: '10m' }),
    promote: {
      title: 'manual or auto',
      description: '`manual`: it waits for `stratos rollout promote`. `auto`: it is promoted when errors and time to answer held over `for`.',
      enum: ['manual', 'auto'],
      default: 'manual',
    },
    maxErrorRate: {
      title: 'a percentage from 0% to 100%',
      description: 'Most errors among its requests; more is a failure. A single error is none, unless this is `0%`.',
      type: 'string',
      pattern: '^([0-9]{1,2}(\\.[0-9]+)?|100)%$',
      default: '1%',
    },
    maxLatency: {
      title: 'a duration, or a multiple such as 1.5x',
      description: 'Most that its mean time to answer may be, as a time or as a multiple of that of the old ones. Default: not looked at.',
      type: 'string',
      pattern: '^(([0-9]+(\\.[0-9]+)?(ms|s|m|h|d))+|[1-9][0-9]*(\\.[0-9]+)?x)$',
      examples: ['300ms', '1.5x'],
    },
  },
  { description: 'The few processes that a rollout with `strategy: canary` begins with.' },
);

/** One rollout policy. */
export const rolloutPolicy: JsonSchema = mapping({
  strategy: {
    title: 'rolling, canary or blueGreen',
    description:
      '`rolling`: some at a time. `canary`: a few first, with a share of the requests. `blueGreen`: a full set beside the old one, then one switch.',
    enum: ['rolling', 'canary', 'blueGreen'],
    default: 'rolling',
  },
  maxSurge: term('amount', { description: 'Processes above the wanted number while replacing; a percentage is rounded up.', default: 1 }),
  maxUnavailable: term('amount', {
    description: 'Processes below the wanted number while replacing; a percentage is rounded down.',
    default: 0,
  }),
  batch: term('amount', { description: 'Processes that are replaced before the next ones wait for `pause`. Default: all.' }),
  pause: term('duration', { description: 'Time between a batch being healthy and the next one.', default: '0s' }),
  minHealthy: term('duration', { description: 'How long a new process must be healthy before it counts.', default: '0s' }),
  progressDeadline: term('duration', {
    description: 'A rollout in which no further process gets healthy for so long has failed.',
    default: '10m',
  }),
  drain: term('duration', { description: 'How long a leaving process may finish its requests.', default: '10s' }),
  canary,
  keep: term('duration', { description: 'How long the old set is kept after the switch of `blueGreen`.', default: '0s' }),
  snapshot: {
    title: 'true or false',
    description:
      'A snapshot of each process that another revision replaces is kept on its VM, of the newest three revisions. Volumes are no part of it.',
    type: 'boolean',
    default: false,
  },
  onFailure: {
    title: 'hold or rollback',
    description:
      'What follows a failure. `hold`: everything stays as it is at `progressDeadline`. `rollback`: the revision before comes back, as soon as a process does not get ready or falls.',
    enum: ['hold', 'rollback'],
    default: 'hold',
  },
});
