/** What going to sleep and waking do, on paper. */
import type { SleepDepth } from '../../model/inventory.ts';
import { reached, record, require, see, type World } from './world.ts';

/** The process asleep so deep, or awake and running where `depth` is undefined: as it is seen, and as it is recorded. */
export function fallAsleep(
  world: World,
  action: { readonly vm: string; readonly process: string },
  depth: SleepDepth | undefined,
): World {
  const { vm: home, process: name } = action;
  const vm = reached(world, home);
  require(vm.processes.some((other) => other.name === name), `${name} is not on ${home}`);
  const processes = vm.processes.map((other) => {
    if (other.name !== name) return other;
    const { asleep: _asleep, wakeFailure: _failure, ...rest } = other;
    const state = depth === 'stopped' ? ('stopped' as const) : ('running' as const);
    return { ...rest, state, ...(depth ? { asleep: depth } : {}) };
  });
  const seen = see(world, home, { ...vm, processes });
  const before = world.inventory.processes.find((other) => other.name === name && other.vm === home);
  if (!before) return seen;
  const { asleep: _before, ...rest } = before;
  return record(seen, { ...rest, ...(depth ? { asleep: depth } : {}) });
}
