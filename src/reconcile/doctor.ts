/** Checks of this machine, the project and each VM; every finding that is not fine says how to mend it. Changes nothing. */
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { Inventory } from '../model/inventory.ts';
import type { ReachedVm, VmObservation } from '../model/observation.ts';
import { formatBytes } from '../model/quantity.ts';
import { Secret } from '../model/secret.ts';
import type { Spec } from '../model/spec.ts';
import { failedCheck, type Check } from './check.ts';
import { checkStores } from './check-stores.ts';
import type { Deps } from './deps.ts';
import { movedHosts, withRecords } from './static-endpoints.ts';
import { environmentOf } from './environment.ts';
import { observe } from './observe.ts';

/** Free disk below which a VM is reported: an image and its processes need room. */
const LOW_DISK = 1024 ** 3;

/** Runs all checks. @throws InterruptedError */
export async function doctor(deps: Deps, signal: AbortSignal): Promise<readonly Check[]> {
  const checks = [...(await machineChecks(deps))];
  const spec = await attempt(checks, 'project', 'spec', () => deps.loadSpec(), 'stratos validate');
  const recorded = await attempt(checks, 'project', 'inventory', () => deps.inventory.read());
  if (!spec || !recorded) return checks;
  const inventory = withRecords(recorded, movedHosts(recorded, spec));
  checks.push(...(await checkStores(deps, spec, signal)), ...(await secretChecks(deps, spec)));
  checks.push(...(await iaasChecks(deps, spec, inventory)));
  const observation = await observe(deps, spec, inventory, { parallel: 64, signal });
  for (const vm of inventory.vms) checks.push(...vmChecks(vm.name, observation.vms[vm.name], inventory.lineage));
  return checks;
}

async function machineChecks(deps: Deps): Promise<Check[]> {
  const target = 'this machine';
  return Promise.all(
    (['ssh', 'rsync'] as const).map(async (tool) =>
      (await isOnPath(tool, deps.env.PATH ?? ''))
        ? { target, name: tool, level: 'ok' as const, message: 'installed' }
        : {
            target,
            name: tool,
            level: 'fail' as const,
            message: `Cannot copy images as ${tool} is not installed`,
            fix: `apt-get install ${tool === 'ssh' ? 'openssh-client' : tool}`,
          },
    ),
  );
}

async function isOnPath(tool: string, path: string): Promise<boolean> {
  for (const directory of path.split(delimiter)) {
    try {
      await access(join(directory, tool), constants.X_OK);
      return true;
    } catch {
      // Not in this directory; the next one may have it.
    }
  }
  return false;
}

async function attempt<T>(
  checks: Check[],
  target: string,
  name: string,
  read: () => Promise<T>,
  fix?: string,
): Promise<T | undefined> {
  try {
    const value = await read();
    checks.push({ target, name, level: 'ok', message: 'readable and valid' });
    return value;
  } catch (error) {
    checks.push(failedCheck(target, name, error, fix));
    return undefined;
  }
}

/** Values that are read on this machine when they are needed: found now rather than in the middle of a run. */
async function secretChecks(deps: Deps, spec: Spec): Promise<Check[]> {
  const checks = Object.values(spec.subscriptions).map(async (subscription): Promise<Check[]> => {
    const target = 'project';
    const name = `environment of ${subscription.alias}`;
    try {
      const environment = await environmentOf(spec, subscription, deps.env);
      const secrets = Object.values(environment).filter((value) => value instanceof Secret).length;
      return secrets === 0 ? [] : [{ target, name, level: 'ok', message: `${String(secrets)} secrets found` }];
    } catch (error) {
      return [failedCheck(target, name, error)];
    }
  });
  return (await Promise.all(checks)).flat();
}

async function iaasChecks(deps: Deps, spec: Spec, inventory: Inventory): Promise<Check[]> {
  return Promise.all(
    Object.values(spec.iaas).map(async (iaas) => {
      const target = `iaas ${iaas.name}`;
      try {
        const provider = await deps.providerOf(iaas, inventory.lineage);
        await provider.check();
        return { target, name: iaas.kind, level: 'ok' as const, message: 'usable from here' };
      } catch (error) {
        return failedCheck(target, iaas.kind, error);
      }
    }),
  );
}

/** What one observation says about a VM's health. */
export function vmChecks(vm: string, seen: VmObservation | undefined, lineage: string): Check[] {
  const target = vm;
  if (!seen)
    return [{ target, name: 'machine', level: 'fail', message: 'Cannot see it running', fix: 'stratos reconcile' }];
  if (seen.status === 'unreachable')
    return [{ target, name: 'ssh', level: 'fail', message: seen.message, fix: `stratos vm ssh ${vm}` }];
  if (seen.guest) return guestChecks(vm, seen);
  const checks: Check[] = [{ target, name: 'ssh', level: 'ok', message: 'reachable with its pinned host key' }];
  if (seen.lineage !== undefined && seen.lineage !== lineage)
    checks.push({
      target,
      name: 'owner',
      level: 'fail',
      message: `Cannot use it as it belongs to another inventory: ${seen.lineage}`,
    });
  if (seen.prepared === undefined)
    checks.push({
      target,
      name: 'preparation',
      level: 'fail',
      message: 'Cannot run processes as it is not prepared',
      fix: `stratos vm prepare ${vm}`,
    });
  if (seen.drift)
    checks.push({
      target,
      name: 'preparation',
      level: 'warn',
      message: `somebody changed it: ${seen.drift.join(', ')}`,
      fix: 'stratos reconcile',
    });
  const { available } = seen.disk;
  checks.push({
    target,
    name: 'disk',
    level: available < LOW_DISK ? 'warn' : 'ok',
    message: `${formatBytes(available)} free`,
    ...(available < LOW_DISK ? { fix: `stratos vm ssh ${vm} -- df -h /var/lib/stratos` } : {}),
  });
  const stopped = seen.processes.filter((process) => process.state === 'stopped');
  if (stopped.length > 0)
    checks.push({
      target,
      name: 'processes',
      level: 'warn',
      message: `stopped: ${stopped.map((process) => process.name).join(', ')}`,
      fix: 'stratos reconcile',
    });
  if (seen.foreign.length > 0)
    checks.push({ target, name: 'others', level: 'warn', message: `not ours, left alone: ${seen.foreign.join(', ')}` });
  return checks;
}

/** Of one that is a process only its IaaS tells. */
function guestChecks(target: string, { processes }: ReachedVm): Check[] {
  const fallen = processes.filter(({ state, asleep }) => state === 'stopped' && !asleep);
  return fallen.length === 0
    ? [{ target, name: 'machine', level: 'ok', message: 'as its IaaS says; nobody logs in to it' }]
    : [{ target, name: 'machine', level: 'warn', message: 'stopped', fix: 'stratos reconcile' }];
}
