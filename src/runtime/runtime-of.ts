/** Which runtime makes the containers of a cartridge. */
import { UsageError } from '../model/errors.ts';
import type { RuntimeName } from '../model/runtime.ts';
import { LXC } from './lxc.ts';
import { PODMAN } from './podman.ts';
import type { ContainerRuntime } from './runtime.ts';

const RUNTIMES: Partial<Record<RuntimeName, ContainerRuntime>> = { lxc: LXC, podman: PODMAN };

/** @throws UsageError for one that makes no containers */
export function runtimeOf(name: RuntimeName): ContainerRuntime {
  const runtime = RUNTIMES[name];
  if (!runtime) throw new UsageError(`Cannot make a container as its runtime makes none: ${name}`);
  return runtime;
}
