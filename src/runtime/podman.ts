/** The runtime `podman`: OCI containers by podman, where everything but what makes the container is as with `lxc`. */
import { podmanFiles } from '../lxc/podman.ts';
import { createSteps } from '../lxc/process-lifecycle.ts';
import { capabilitiesOf } from '../model/runtime.ts';
import { CONTAINERS } from './containers.ts';
import type { ContainerRuntime } from './runtime.ts';

/** For images that must be a container of Docker's kind. */
export const PODMAN: ContainerRuntime = {
  ...CONTAINERS,
  name: 'podman',
  capabilities: capabilitiesOf('podman'),
  create: (launches) => createSteps(launches, podmanFiles),
};
