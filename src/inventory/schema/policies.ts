/** Schema of `policies:`. Where a policy is asked for, its name or the policy itself may stand. */
import type { JsonSchema } from './json-schema.ts';
import { mapping, named, term } from './terms.ts';

/** Definitions of `$defs` for the four kinds of policy. */
export const POLICY_KINDS: Readonly<Record<string, JsonSchema>> = {
  partitionPolicy: mapping({
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
  }),
  scalingPolicy: mapping({
    processes: term('bounds', { description: 'How many processes a subscription has.', default: { min: 1, max: 1 } }),
    target: mapping(
      {
        requestsInFlight: {
          title: 'a number above 0',
          description: 'Requests being served by one process.',
          type: 'number',
          exclusiveMinimum: 0,
        },
        requestsPerSecond: {
          title: 'a number above 0',
          description: 'Requests a second for one process.',
          type: 'number',
          exclusiveMinimum: 0,
        },
        cpu: term('percent', { description: 'Share of a process’s CPU.' }),
        memory: term('percent', { description: 'Share of a process’s memory.' }),
      },
      { description: 'What to keep one process at, between the bounds.', examples: [{ requestsInFlight: 20, cpu: '70%' }] },
    ),
  }),
  idlePolicy: mapping({
    freezeAfter: term('duration', { description: 'Idle time after which a process is frozen: no CPU, memory kept.' }),
    stopAfter: term('duration', { description: 'Idle time after which a process is stopped.' }),
    wake: {
      title: 'on-request or never',
      description: 'What wakes a process.',
      enum: ['on-request', 'never'],
      default: 'on-request',
    },
  }),
  rolloutPolicy: mapping({
    maxSurge: term('count', { description: 'Processes above the wanted number while replacing.', default: 1 }),
    maxUnavailable: term('count', { description: 'Processes below the wanted number while replacing.', default: 0 }),
    drain: term('duration', { description: 'How long a leaving process may finish its requests.', default: '10s' }),
  }),
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
