/**
 * What a plan does, on paper: the world after an action that succeeded, was cut in its middle, or failed. The laws of the planner
 * are stated against this model; it refuses what the real world would refuse.
 */
import type { Action, Plan, Stage } from '../model/plan.ts';
import { adoptVm, createVm, deleteVm, forgetVm, newVm, prepareVm, startVm } from './reference/machines.ts';
import {
  configure,
  containerOf,
  limit,
  markLeaving,
  putContainer,
  putVolumes,
  recordOf,
  requireImage,
  takeContainer,
} from './reference/processes.ts';
import { fallAsleep } from './reference/sleep.ts';
import {
  dropRecord,
  putVm,
  reached,
  record,
  require,
  see,
  vmRecord,
  type ModelContext,
  type World,
} from './reference/world.ts';

/** The world after `action` succeeded. @throws TypeError when the world does not allow it: the plan was wrong */
export function simulateAction(world: World, action: Action, context: ModelContext): World {
  switch (action.kind) {
    case 'vm.create':
      return createVm(world, action);
    case 'vm.start':
      return startVm(world, action.vm);
    case 'vm.adopt':
      return adoptVm(world, action.vm, action.iaas, action.machine, context);
    case 'vm.prepare':
      return prepareVm(world, action.vm, context);
    case 'vm.delete':
      return deleteVm(world, action.vm);
    case 'vm.forget':
      return forgetVm(world, action.vm);
    case 'image.copy': {
      const vm = reached(world, action.vm);
      const key = action.privileged ? 'privilegedImages' : 'images';
      return see(world, action.vm, { ...vm, [key]: [...new Set([...(vm[key] ?? []), action.image])].sort() });
    }
    case 'process.create':
      requireImage(world, action, context);
      return record(putVolumes(putContainer(world, action, context), action, context), recordOf(action, 'ready'));
    case 'process.start':
    case 'process.wake':
      return fallAsleep(world, action, undefined);
    case 'process.sleep':
      return fallAsleep(world, action, action.depth);
    case 'process.limit':
      return limit(world, action);
    case 'process.adopt':
      return record(world, recordOf(action, 'ready'));
    case 'process.remove':
      return dropRecord(takeContainer(world, action.vm, action.process, context), action.process, action.vm);
    case 'process.forget':
      require(!containerOf(world, action.vm, action.process), `${action.process} is still on ${action.vm}`);
      return dropRecord(world, action.process, action.vm);
    case 'gateway.configure':
      return configure(world, action.vm, context);
  }
}

/** The world when the run was killed in the middle of `action`: either only begun, or done and not recorded. */
export function interruptAction(
  world: World,
  action: Action,
  how: 'begun' | 'unrecorded',
  context: ModelContext,
): World {
  const done = how === 'unrecorded' ? simulateAction(world, action, context) : world;
  switch (action.kind) {
    case 'vm.create':
      return putVm(done, {
        ...(vmRecord(world, action.vm) ?? newVm(action)),
        state: 'creating',
      });
    case 'vm.prepare':
    case 'vm.start':
    case 'vm.adopt':
      return { ...done, inventory: world.inventory };
    case 'vm.delete': {
      const before = vmRecord(world, action.vm);
      return before ? putVm(done, { ...before, state: 'deleting', cordoned: true }) : done;
    }
    case 'process.create':
      return record(done, recordOf(action, 'creating'));
    case 'process.remove':
    case 'process.start':
    case 'process.sleep':
    case 'process.wake':
      return { ...done, inventory: world.inventory };
    case 'gateway.configure':
    case 'process.limit':
    case 'vm.forget':
    case 'image.copy':
    case 'process.adopt':
    case 'process.forget':
      return done;
  }
}

/** The world after `action` failed: a process that did not get ready stays as it is, anything else changed nothing. */
export function failAction(world: World, action: Action, context: ModelContext): World {
  if (action.kind !== 'process.create') return world;
  return record(putContainer(world, action, context), {
    ...recordOf(action, 'failed'),
    failure: 'it did not get ready',
  });
}

export interface SimulateOptions {
  /** Actions that fail. */
  readonly fails?: (action: Action) => boolean;
  /** Called after each action, with the world as it is then. */
  readonly onStep?: (world: World, action: Action) => void;
  /** Actions to do before the run is killed; the next one is interrupted. */
  readonly stopAfter?: number;
  readonly interruption?: 'begun' | 'unrecorded';
}

/** Runs a plan as the executor does: in order, leaving out what depends on something that did not succeed. */
export function simulatePlan(world: World, plan: Plan, given: ModelContext, options: SimulateOptions = {}): World {
  const context = { ...given, served: servingIn(world) };
  const broken = new Set<string>();
  let now = world;
  let done = 0;
  for (const stage of plan.stages) {
    for (const action of stage.actions) {
      if (action.dependsOn.some((id) => broken.has(id))) {
        broken.add(action.id).add(stage.id);
        continue;
      }
      const begun = action.kind === 'gateway.configure' ? markLeaving(now, leaving(stage, broken)) : now;
      if (done === options.stopAfter)
        return nextRun(options.interruption ? interruptAction(begun, action, options.interruption, context) : now);
      done += 1;
      if (options.fails?.(action)) {
        broken.add(action.id).add(stage.id);
        now = failAction(now, action, context);
      } else now = simulateAction(begun, action, context);
      options.onStep?.(now, action);
    }
  }
  return nextRun(now);
}

/** VMs whose gateways serve: none does on one that is still being made. */
function servingIn({ inventory, observation }: World): ReadonlySet<string> {
  return new Set(
    inventory.vms.flatMap(({ name, state }) => {
      const seen = observation.vms[name];
      return state !== 'creating' && seen?.status === 'reached' && seen.gateway.running ? [name] : [];
    }),
  );
}

/** What is running now is seen by the next run. */
function nextRun(world: World): World {
  const hidden = Object.entries(world.hidden).filter(([vm]) => world.observation.vms[vm]?.status !== 'reached');
  const inventory = { ...world.inventory, serial: world.inventory.serial + 1 };
  return { ...world, inventory, hidden: Object.fromEntries(hidden) };
}

/** What leaves the rotation, without what would leave it only if something else had succeeded. */
function leaving({ withdraw = [], withdrawAfter }: Stage, broken: ReadonlySet<string>): readonly string[] {
  return withdraw.filter((name) => !withdrawAfter?.[name]?.some((id) => broken.has(id)));
}
