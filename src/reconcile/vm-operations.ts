/** Day-2 work on VMs: keep new processes off, move the present ones away, prepare again, free disk, log in. */
import { InterruptedError, NotFoundError, RemoteCommandError, StratosError } from '../model/errors.ts';
import type { VmRecord } from '../model/inventory.ts';
import { millis } from '../model/quantity.ts';
import { parsePruned, pruneStep, type Pruned } from '../store/prune-step.ts';
import { prepareVm } from './actions/prepare.ts';
import type { ScriptStep } from '../shell/command.ts';
import type { Deps, RunLimits } from './deps.ts';
import { limiter } from '../concurrency/limiter.ts';
import { logged } from './logged.ts';
import { loginTo } from './login-to.ts';
import { loadMaterials } from './materials.ts';
import { contextOf, reconcile, withLock, type RunOutcome } from './reconcile.ts';
import { recorder } from './recorder.ts';

/** The VM gets no new processes from now on. @throws NotFoundError */
export async function vmCordon(deps: Deps, name: string, limits: RunLimits): Promise<void> {
  await mark(deps, name, limits, 'vm cordon', { cordoned: true });
}

/** The VM takes processes again. @throws NotFoundError */
export async function vmUncordon(deps: Deps, name: string, limits: RunLimits): Promise<void> {
  await mark(deps, name, limits, 'vm uncordon', { cordoned: false, draining: false });
}

/** Moves the VM's processes to others and keeps new ones off. @throws NotFoundError */
export async function vmDrain(deps: Deps, name: string, limits: RunLimits): Promise<RunOutcome> {
  const vm = await mark(deps, name, limits, 'vm drain', { cordoned: true, draining: true });
  return reconcile(deps, { ...limits, only: [vm.partition] });
}

/** Runs the preparation script again; idempotent. @throws NotFoundError, RemoteCommandError, UnreachableError */
export async function vmPrepare(deps: Deps, names: readonly string[], limits: RunLimits): Promise<void> {
  deps.beginRun();
  await withLock(deps, limits, 'vm prepare', async () => {
    const materials = await loadMaterials(deps, { pull: false, signal: limits.signal });
    for (const name of names) find(materials.inventory.vms, name);
    const context = contextOf(deps, materials, limits.signal);
    const limit = limiter(limits.parallel);
    const prepare = (name: string) => prepareVm(context, name, [], () => undefined);
    await Promise.all(names.map((name) => limit(() => logged(deps, 'vm prepare', name, () => prepare(name)))));
  });
}

export interface PruneOutcome {
  /** In the order of the inventory. */
  readonly pruned: readonly (Pruned & { readonly vm: string })[];
  readonly failed: readonly { readonly vm: string; readonly message: string }[];
}

/**
 * Removes from VMs the images that neither a process of this inventory nor a cartridge of the spec needs. One VM that fails
 * leaves the others alone.
 * @param names empty: every VM that has an address
 * @throws NotFoundError, LockHeldError, InterruptedError
 */
export async function vmPrune(deps: Deps, names: readonly string[], limits: RunLimits): Promise<PruneOutcome> {
  deps.beginRun();
  // Under the lock nobody brings an image to a VM for a process that is not in the inventory yet.
  return withLock(deps, limits, 'vm prune', async () => {
    const [spec, inventory] = await Promise.all([deps.loadSpec(), deps.inventory.read()]);
    const store = await deps.storeOf(spec);
    const images = new Set(Object.values(spec.cartridges).map((cartridge) => cartridge.image));
    const wanted = await Promise.all([...images].map(async (image) => (await store.find(image))?.digest));
    // What a rollout may bring back at any moment stays as well.
    const previous = (inventory.revisions ?? []).filter(({ state }) => state === 'succeeded' || state === 'rolling');
    const keep = new Set([...wanted, ...[...inventory.processes, ...previous].map(({ image }) => image)]);
    const digests = [...keep].filter((digest) => digest !== undefined).sort();
    const step = pruneStep(digests, spec.distribution?.neighbours === true);
    const chosen = new Set(names.map((name) => find(inventory.vms, name)));
    const vms = names.length > 0 ? [...chosen] : inventory.vms.filter((vm) => vm.endpoint && !vm.runtime);
    const limit = limiter(limits.parallel);
    const work = (vm: VmRecord) => logged(deps, 'vm prune', vm.name, () => prune(deps, vm, step, limits.signal));
    const results = vms.map((vm) => limit(() => work(vm).catch(failureOf(vm.name))));
    const done = await Promise.all(results);
    return {
      pruned: done.flatMap((result) => ('message' in result ? [] : [result])),
      failed: done.flatMap((result) => ('message' in result ? [result] : [])),
    };
  });
}

async function prune(
  deps: Deps,
  vm: VmRecord,
  step: ScriptStep,
  signal: AbortSignal,
): Promise<PruneOutcome['pruned'][number]> {
  const batch = { steps: [step], timeout: millis(300_000) };
  const [result] = await deps.transport.run(vm.name, loginTo(vm, `free disk of ${vm.name}`), batch, { signal });
  if (result?.status === 0) return { vm: vm.name, ...parsePruned(result) };
  const reason = result?.stderr.trim() ?? '';
  throw new RemoteCommandError(`Cannot ${step.title} on ${vm.name}: ${reason || `status ${String(result?.status)}`}`);
}

function failureOf(vm: string): (error: unknown) => PruneOutcome['failed'][number] {
  return (error) => {
    if (!(error instanceof StratosError) || error instanceof InterruptedError) throw error;
    return { vm, message: error.message };
  };
}

/** Runs a program on the VM, or a login shell when `argv` is empty; resolves to its exit status. @throws NotFoundError, UnreachableError */
export async function vmSsh(
  deps: Deps,
  name: string,
  argv: readonly string[],
  options: { readonly tty: boolean; readonly signal?: AbortSignal },
): Promise<number> {
  const endpoint = loginTo(find((await deps.inventory.read()).vms, name), `log in to ${name}`);
  const [first = 'sh', ...rest] = argv.length > 0 ? argv : ['bash', '-l'];
  return deps.transport.interactive(name, endpoint, { argv: [first, ...rest], ...options });
}

async function mark(
  deps: Deps,
  name: string,
  limits: RunLimits,
  operation: string,
  marks: Partial<Pick<VmRecord, 'cordoned' | 'draining'>>,
): Promise<VmRecord> {
  deps.beginRun();
  return withLock(deps, limits, operation, () =>
    logged(deps, operation, name, async () => {
      const inventory = await deps.inventory.read();
      const vm = { ...find(inventory.vms, name), ...marks };
      const records = recorder(deps.inventory, inventory);
      records.putVm(vm);
      await records.commit();
      return vm;
    }),
  );
}

function find(vms: readonly VmRecord[], name: string): VmRecord {
  const vm = vms.find((candidate) => candidate.name === name);
  if (!vm) throw new NotFoundError(`Cannot find VM ${JSON.stringify(name)}`, { hint: 'stratos vm ls' });
  return vm;
}
