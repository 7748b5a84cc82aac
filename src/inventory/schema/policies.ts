/** Schema of `policies:`. Where a policy is asked for, its name or the policy itself may stand. */
import { PLACEMENT_ALGORITHMS } from '../../model/policy.ts';
import type { JsonSchema } from './json-schema.ts';
import { rolloutPolicy } from './rollout-policy.ts';
import { mapping, named, term } from './terms.ts';

const SIGNAL_NAME = '^[a-z]([A-Za-z0-9-]{0,38}[A-Za-z0-9])?$';

/** What one process is kept at. Names that are not built in are checked when the policy is resolved. */
const target: JsonSchema = {
  ...mapping(
    {
      requestsInFlight: term('aboveZero', { description: 'Requests being served by one process, with those that wait for it.' }),
      requestsPerSecond: term('aboveZero', { description: 'Requests a second for one process.' }),
      cpu: term('percent', { description: 'Share of a process’s CPU limit.' }),
      memory: term('percent', { description: 'Share of a process’s memory limit, without page cache.' }),
      loadAverage: term('aboveZero', { description: '1-minute load average of the VMs that have its processes, for each VM.' }),
      responseTime: term('duration', { description: 'Mean time to answer.', examples: ['200ms'] }),
    },
    {
      description:
        'What to keep one process at, between the bounds: any of the keys below, and the policy’s own `signals` by name. The signal that needs most processes decides.',
      examples: [{ requestsInFlight: 20, cpu: '70%' }],
    },
  ),
  additionalProperties: { title: 'a number above 0', type: ['number', 'string'], exclusiveMinimum: 0 },
};

const signals: JsonSchema = {
  title: 'a mapping',
  description: 'Signals of the policy’s own, by name: commands that print a number.',
  type: 'object',
  propertyNames: {
    title: 'a name of 1 to 40 letters, digits and dashes that begins with a lowercase letter',
    pattern: SIGNAL_NAME,
  },
  additionalProperties: mapping(
    {
      command: term('words', { description: 'Program and arguments; the last line that it prints must be a number.' }),
      on: {
        title: 'process or vm',
        description:
          'Where it runs: in each process, or once on each VM that has one; its number then counts for each process there.',
        enum: ['process', 'vm'],
        default: 'process',
      },
      timeout: term('duration', { description: 'How long it may take, at most 1m; later it counts as no data.', default: '2s' }),
    },
    { required: ['command'] },
  ),
  examples: [{ jobs: { command: ['/usr/local/bin/queue-length'] } }],
};

const schedules: JsonSchema = {
  title: 'a list of schedules',
  description:
    'Other bounds at certain times. Where several hold at once, the last one of the list counts. They also hold for a subscription with `processes` of its own.',
  type: 'array',
  items: mapping(
    {
      cron: {
        title: 'five fields as in crontab(5), such as "0 9 * * 1-5"',
        description: 'When it begins: minute, hour, day of the month, month, day of the week.',
        type: 'string',
        pattern: '^ *[^ @]\\S*( +\\S+){4} *$',
      },
      timezone: {
        title: 'a time zone such as Europe/Berlin',
        description: 'IANA time zone of `cron`.',
        type: 'string',
        default: 'UTC',
      },
      duration: term('duration', { description: 'How long it holds.' }),
      processes: term('bounds', {
        description:
          'Number of processes in this time. A bound that is not given is the usual one, moved as far as the other needs.',
      }),
    },
    { required: ['cron', 'duration', 'processes'] },
  ),
  examples: [[{ cron: '0 8 * * 1-5', timezone: 'Europe/Berlin', duration: '10h', processes: { min: 6 } }]],
};

const scalingPolicy = mapping({
  processes: term('bounds', { description: 'How many processes a subscription has.', default: { min: 1, max: 1 } }),
  target,
  signals,
  window: term('duration', { description: 'Time over which the signals are averaged; 1s to 1h.', default: '60s' }),
  panic: mapping(
    {
      window: term('duration', { description: 'The short time that is looked at for bursts; not longer than `window`.', default: '6s' }),
      threshold: {
        title: 'a number above 1',
        description: 'Panic begins when the short window needs this many times the processes that are ready.',
        type: 'number',
        exclusiveMinimum: 1,
        maximum: 1000,
        default: 2,
      },
    },
    { description: 'Bursts: while one lasts, the count only rises.' },
  ),
  tolerance: {
    title: 'a percentage from 0% to 99%',
    description: 'No change when the need is within this share of what is there.',
    type: 'string',
    pattern: '^[0-9]{1,2}(\\.[0-9]+)?%$',
    default: '10%',
  },
  cooldown: mapping(
    {
      up: term('duration', { description: 'Least time from a rise to the next.', default: '0s' }),
      down: term('duration', { description: 'Least time from a fall to the next.', default: '5m' }),
    },
    { description: 'Least time between two changes of one direction.' },
  ),
  downWindow: term('duration', { description: 'Going down takes the largest count that was wanted in this time.', default: '5m' }),
  step: mapping(
    {
      up: term('positive', { description: 'Most processes added. Default: no bound.' }),
      down: term('positive', { description: 'Most processes removed. Default: no bound.' }),
    },
    { description: 'Most that one run changes.' },
  ),
  predict: term('duration', {
    description: 'How far ahead the signals are predicted, by gradient and second derivative; at most 1h. `0s`: not at all.',
    default: '0s',
  }),
  schedules,
});

const partitionPolicy = mapping({
  vms: term('bounds', { description: 'How many VMs the partition has.', default: { min: 1, max: 1 } }),
  vm: mapping(
    {
      cpu: term('cpu', { description: 'Cores.', default: 1 }),
      memory: term('size', { description: 'Memory.', default: '1Gi' }),
      disk: term('size', { description: 'Disk. Default: what the IaaS gives.' }),
    },
    { description: 'What one VM offers to its processes.' },
  ),
  processesPerVm: term('positive', {
    description:
      'Most processes on one VM; 1 gives each process a VM of its own. Default: as many as memory, CPU and network allow.',
    examples: [20],
  }),
  strategy: {
    title: 'pack or spread',
    description: '`pack` fills a VM before the next; `spread` takes the least loaded.',
    enum: ['pack', 'spread'],
    default: 'pack',
  },
  algorithm: {
    title: PLACEMENT_ALGORITHMS.join(', ').replace(/, ([^,]*)$/, ' or $1'),
    description:
      'Which entry of the placement gets the next VM. `one-after-another` fills each to its maximum, those with a weight by turns; `round-robin` takes the one with fewest VMs; `weighted` the one furthest behind its weight (1 where it has none); `cheapest` the size that costs least for what waits for a place. VMs go in the opposite order.',
    enum: PLACEMENT_ALGORITHMS,
    default: 'one-after-another',
  },
  spare: mapping(
    {
      processes: term('count', { description: 'Room kept free for so many processes of the largest cartridge.', default: 0 }),
      vms: term('count', { description: 'VMs kept empty.', default: 0 }),
    },
    { description: 'What is kept ready beyond what is needed.' },
  ),
  scaleDown: mapping(
    {
      after: term('duration', { description: 'Not needed for so long without a break.', default: '10m' }),
      below: term('share', { description: 'Only VMs of which less than this is taken, the larger of CPU and memory.', default: '50%' }),
      afterGrowth: term('duration', { description: 'Not within this time after the partition grew.', default: '10m' }),
    },
    { description: 'When a VM may go.' },
  ),
});

const idlePolicy = mapping({
  freezeAfter: term('duration', { description: 'Idle time after which a process is frozen: no CPU, memory kept.' }),
  stopAfter: term('duration', { description: 'Idle time after which a process is stopped.' }),
  wake: {
    title: 'on-request or never',
    description: 'What wakes a process. `never`: only policy does, and `processes.min` must be 0.',
    enum: ['on-request', 'never'],
    default: 'on-request',
  },
  cpuBelow: term('share', { description: 'A process that uses more than this share of its CPU limit is not idle.', default: '5%' }),
  sessions: {
    title: 'true or false',
    description: 'An operator’s session (`process exec`, `process shell`) keeps it awake.',
    type: 'boolean',
    default: true,
  },
  busy: term('words', {
    description: 'A command run in the process: it is not idle while this ends with 0.',
    examples: [['/usr/local/bin/has-jobs']],
  }),
  coldStart: {
    title: 'true or false',
    description:
      'The last sleeper may be removed with its VM; the next use then waits for a run of Stratos. Needs `stopAfter`.',
    type: 'boolean',
    default: false,
  },
});

/** Definitions of `$defs` for the four kinds of policy. */
export const POLICY_KINDS: Readonly<Record<string, JsonSchema>> = {
  partitionPolicy,
  scalingPolicy,
  idlePolicy,
  rolloutPolicy,
};

/** A place where a policy is asked for: its name, or the policy itself. */
export function policyReference(kind: 'partition' | 'scaling' | 'idle' | 'rollout', description: string): JsonSchema {
  const policy = POLICY_KINDS[`${kind}Policy`] ?? {};
  return {
    ...policy,
    title: `the name of a ${kind} policy, or a mapping`,
    type: ['string', 'object'],
    description,
  };
}

/** `policies:` itself. */
export const POLICIES: JsonSchema = {
  description: 'Rules that decide numbers, by name.',
  ...mapping(
    {
      partition: named({ $ref: '#/$defs/partitionPolicy' }, { description: 'Sizes of partitions.' }),
      scaling: named({ $ref: '#/$defs/scalingPolicy' }, { description: 'Numbers of processes.' }),
      idle: named({ $ref: '#/$defs/idlePolicy' }, { description: 'When processes sleep.' }),
      rollout: named({ $ref: '#/$defs/rolloutPolicy' }, { description: 'How processes are replaced.' }),
    },
    { type: ['object', 'null'] },
  ),
};
