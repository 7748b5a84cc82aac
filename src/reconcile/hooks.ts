/** Executables of the project that are told what a run does: see docs/rollouts.md. */
import { processAddress } from '../lxc/network.ts';
import { RolloutError } from '../model/errors.ts';
import type { HookName } from '../model/event.ts';
import type { Inventory } from '../model/inventory.ts';
import type { Plan } from '../model/plan.ts';
import { instant } from '../model/quantity.ts';
import type { RevisionRecord } from '../model/revision.ts';
import { DEFAULT_HOOK_TIMEOUT, partitionOf, type Spec } from '../model/spec.ts';
import type { Choice } from '../policy/rollout/choose-revision.ts';
import { failed } from '../policy/rollout/failure.ts';
import type { Deps, RunLimits } from './deps.ts';
import { withChoices, type Materials } from './materials.ts';

type Facts = Readonly<Record<string, string | number | undefined>>;

/** Runs one hook and tells how it ended. Why it failed, in one line; undefined when it did not, or is not there. */
async function callHook(
  deps: Deps,
  spec: Spec,
  hook: HookName,
  target: string,
  facts: Facts,
  signal: AbortSignal,
): Promise<string | undefined> {
  const started = deps.now();
  const all: Facts = { HOOK: hook, ...facts };
  const told = Object.entries(all).flatMap(([name, value]) =>
    value === undefined ? [] : [[`STRATOS_${name}`, String(value)] as const],
  );
  const timeout = spec.hooks?.timeout ?? DEFAULT_HOOK_TIMEOUT;
  const outcome = await deps.runHook(hook, Object.fromEntries(told), timeout, signal);
  if (!outcome) return undefined;
  const { status, code, output } = outcome;
  const ms = deps.now() - started;
  deps.emit({ type: 'hook.finished', hook, target, status, ...(code === undefined ? {} : { code }), ms, output });
  if (status === 'ok') return undefined;
  const how = {
    failed: `ended with ${String(code ?? 'a signal')}`,
    timeout: 'did not end in time',
    unusable: 'cannot be run',
  };
  const last = output.at(-1);
  return `hook ${hook} ${how[status]}${last === undefined ? '' : `: ${last}`}`;
}

function revisionFacts({ subscription, number, image, cartridge, why, message }: RevisionRecord): Facts {
  return {
    ALIAS: subscription,
    REVISION: number,
    IMAGE: image,
    REFERENCE: cartridge.image,
    CARTRIDGE: cartridge.name,
    PARTITION: cartridge.partition,
    REASON: why,
    MESSAGE: message,
  };
}

/** What `pre-deploy` left of what shall be rolled out. */
export interface Admitted {
  readonly materials: Materials;
  /** Why a rollout does not begin. */
  readonly alarms: readonly string[];
}

/** Asks `pre-deploy` about each rollout that would begin with this run. One that it refuses has failed before anything was replaced. */
export async function admitRollouts(deps: Deps, materials: Materials, limits: RunLimits): Promise<Admitted> {
  const { spec, choices } = materials;
  const refused: Record<string, Choice> = {};
  const alarms: string[] = [];
  for (const [alias, choice] of Object.entries(choices)) {
    if (!choice.isNew || !isAsked(limits.only, alias, choice.revision)) continue;
    const facts = revisionFacts(choice.revision);
    const reason = await callHook(deps, spec, 'pre-deploy', alias, facts, limits.signal);
    if (reason === undefined) continue;
    const revision = failed(choice.revision, { reason }, choice.before, instant(deps.now()));
    refused[alias] = { ...choice, revision, returning: choice.before !== undefined };
    alarms.push(`${alias}: revision ${String(revision.number)} does not begin: ${reason}`);
  }
  if (alarms.length === 0) return { materials, alarms };
  return { materials: await withChoices(deps, materials, { ...choices, ...refused }), alarms };
}

/** The same for a plan that was saved: it is done whole or not at all. @throws RolloutError */
export async function admitPlan(
  deps: Deps,
  { spec, inventory }: Materials,
  plan: Plan,
  limits: RunLimits,
): Promise<void> {
  const known = new Set(inventory.revisions?.map(({ name }) => name));
  for (const revision of plan.revisions ?? []) {
    if (known.has(revision.name) || revision.state !== 'rolling') continue;
    const alias = revision.subscription;
    const reason = await callHook(deps, spec, 'pre-deploy', alias, revisionFacts(revision), limits.signal);
    if (reason !== undefined) throw new RolloutError(`Cannot apply the plan as ${reason}`, { hint: 'stratos plan' });
  }
}

function isAsked(only: readonly string[], alias: string, { cartridge }: RevisionRecord): boolean {
  return only.length === 0 || only.includes(alias) || only.includes(cartridge.partition);
}

/** Tells what came of a run: rollouts that are done, VMs that are ready, processes that woke. A hook that fails then is only reported. */
export async function tellHooks(
  deps: Deps,
  { spec, inventory: before }: Materials,
  after: Inventory,
  signal: AbortSignal,
): Promise<void> {
  if (before === after) return;
  const tell = async (hook: HookName, target: string, facts: Facts): Promise<void> => {
    const reason = await callHook(deps, spec, hook, target, facts, signal);
    if (reason !== undefined) deps.emit({ type: 'warning', message: `${target}: ${reason}` });
  };
  const wasReady = new Set(before.vms.flatMap(({ name, state }) => (state === 'ready' ? [name] : [])));
  const addresses = new Map(after.vms.map(({ name, endpoint }) => [name, endpoint?.address]));
  for (const { name, state, partition, iaas } of after.vms)
    if (state === 'ready' && !wasReady.has(name))
      await tell('vm-ready', name, { VM: name, ADDRESS: addresses.get(name), PARTITION: partition, IAAS: iaas });
  const slept = new Set(before.processes.flatMap(({ name, asleep }) => (asleep ? [name] : [])));
  for (const { name, subscription, vm, index, state, asleep, image } of after.processes) {
    if (asleep || state !== 'ready' || !slept.has(name)) continue;
    const network = spec.partitions[partitionOf(spec, subscription) ?? ''];
    const own = { ADDRESS: addresses.get(vm), PROCESS_ADDRESS: network && processAddress(network.network, index) };
    await tell('wake', name, { ALIAS: subscription, PROCESS: name, VM: vm, IMAGE: image, ...own });
  }
  const wasDone = new Set(before.revisions?.flatMap(({ name, state }) => (state === 'succeeded' ? [name] : [])));
  for (const revision of after.revisions ?? [])
    if (revision.state === 'succeeded' && !wasDone.has(revision.name))
      await tell('post-deploy', revision.subscription, revisionFacts(revision));
}
