/** What records of revisions must look like: whoever edits one by hand shall hear of it before a process is made from it. */
import { RUNTIMES } from '../model/runtime.ts';
import type { RevisionState, RolloutPhase } from '../model/revision.ts';
import { nested, optional, type FieldRule, type Shape } from './record-shape.ts';

const STATES: readonly RevisionState[] = ['rolling', 'paused', 'succeeded', 'failed', 'aborted', 'superseded'];
const PHASES: readonly RolloutPhase[] = ['canary', 'staging', 'switched'];

const list: FieldRule = (value) => (Array.isArray(value) ? undefined : 'must be a list');
const map: FieldRule = (value) =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? undefined : 'must be a mapping';

/** Of a cartridge, and of an action that changes them. */
export const RESOURCES = nested({
  ...{ memory: 'number', cpu: 'number', pids: 'number' },
  disk: 'number?',
  egress: optional('strings'),
  bandwidth: optional(nested({ in: 'number?', out: 'number?' })),
});

const CARTRIDGE = nested({
  name: 'string',
  image: 'string',
  partition: 'string',
  ports: list,
  health: nested({ port: 'string?', path: 'string?', interval: 'number', timeout: 'number', startup: 'number' }),
  resources: RESOURCES,
  env: map,
  volumes: list,
  command: optional('strings'),
  security: nested({ privileged: 'boolean' }),
  runtime: RUNTIMES,
});

/** One record under `revisions:`. */
export const REVISION: Shape = {
  name: 'string',
  subscription: 'string',
  number: 'number',
  fingerprint: 'string',
  image: 'string',
  environment: 'string',
  cartridge: CARTRIDGE,
  who: 'string',
  createdAt: 'string',
  why: 'string',
  message: 'string?',
  state: STATES,
  changedAt: 'string?',
  phase: optional(PHASES),
  phaseAt: 'string?',
  promoted: optional((value) => (value === true ? undefined : 'must be true')),
  healthy: optional(map),
  returnsTo: 'number?',
  failure: 'string?',
  failed: optional(nested({ process: 'string', log: 'strings' })),
};
