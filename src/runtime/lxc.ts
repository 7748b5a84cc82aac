/** The runtime `lxc`: unprivileged system containers by LXC under systemd. */
import { createSteps } from '../lxc/process-lifecycle.ts';
import { capabilitiesOf } from '../model/runtime.ts';
import { CONTAINERS } from './containers.ts';
import type { ContainerRuntime } from './runtime.ts';

/** What every cartridge runs in that names no other. */
export const LXC: ContainerRuntime = {
  ...CONTAINERS,
  name: 'lxc',
  capabilities: capabilitiesOf('lxc'),
  create: (launches) => createSteps(launches),
};
