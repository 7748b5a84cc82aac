/**
 * What ties a plan together by needs: nothing starts before what it needs, wherever that is, and nothing ends before those that need it.
 * Within a partition the waves see to the order; here each action gets what it depends on, and stages wait for those of other partitions.
 */
import { inOrderOfNeeds, isServed, needsOf } from '../model/needs.ts';
import type { Action, Stage } from '../model/plan.ts';
import { gatewayHome } from '../model/spec.ts';
import type { PlanInput } from './plan-input.ts';
import type { Prerequisites } from './prerequisites.ts';
import { inOrderOfWaits, stageOrder, type StageOrder } from './stage-order.ts';

interface Linked {
  readonly stages: readonly Stage[];
  /** By alias, why what starts of it cannot start in this run. The stages are of use only where there are none. */
  readonly late: ReadonlyMap<string, string>;
}

/** An action about a process, and where it is. */
interface Act {
  readonly id: string;
  readonly process: string;
  readonly stage: Stage;
  /** It makes the machine that the process is, which boots at once. */
  readonly machine?: true;
}

/** What is known and found while a plan is tied together. */
interface Links {
  readonly input: PlanInput;
  readonly needs: Prerequisites;
  readonly stages: readonly Stage[];
  readonly order: StageOrder;
  readonly starts: ReadonlyMap<string, readonly Act[]>;
  readonly ends: ReadonlyMap<string, readonly Act[]>;
  /** What actions depend on besides, by id; what must have gone before a process leaves the rotation, by its name. */
  readonly depends: Map<string, Set<string>>;
  readonly conditions: Map<string, Set<string>>;
  readonly late: Map<string, string>;
}

/** The stages with these ties, in an order in which they can be done one after another, and who cannot be tied. */
export function linkNeeds(input: PlanInput, needs: Prerequisites, stages: readonly Stage[]): Linked {
  const late = new Map<string, string>();
  if (needs.none) return { stages, late };
  const found = { depends: new Map<string, Set<string>>(), conditions: new Map<string, Set<string>>() };
  const links: Links = {
    ...{ input, needs, stages, order: stageOrder(stages), ...actsOf(input, stages), ...found, late },
  };
  for (const alias of inOrderOfNeeds(input.spec)) tieStarts(links, alias);
  for (const alias of links.ends.keys()) tieEnds(links, alias);
  return { stages: inOrderOfWaits(stages.map((stage) => tiedStage(links, stage))), late };
}

/** Lets all that starts of a subscription come after what it needs, or says why it cannot. */
function tieStarts(links: Links, alias: string): void {
  const own = links.starts.get(alias) ?? [];
  if (own.length === 0) return;
  tieToHome(links, own, alias);
  for (const need of links.needs.unmet(alias)) {
    const reason = tieToNeed(links, own, need);
    if (reason === undefined) continue;
    links.late.set(alias, reason);
    return;
  }
}

function tieToNeed(links: Links, own: readonly Act[], need: string): string | undefined {
  const { needs, stages, order, starts, late } = links;
  const missing = needs.missing(need);
  const startsThere = late.has(need) ? [] : (starts.get(need) ?? []);
  const first = firstOf(
    startsThere.filter(({ machine }) => !machine),
    missing,
  );
  if (!first) return `not started: it needs ${need}, of which ${missing} must get ready`;
  const served = first.flatMap(({ stage }) => [stage, ...gatewaysAfter(stages, stage)]);
  const processes = own.filter(({ machine }) => !machine);
  if (!processes.every(({ stage }) => order.wait(stage, elsewhere(stage, served))))
    return `not started in this run: ${need} must get ready first`;
  for (const { id } of processes) addAll(links.depends, id, first);
  for (const { id, stage, machine } of own) {
    if (!machine || !order.wait(stage, elsewhere(stage, served))) continue;
    const at = stages.indexOf(stage);
    const before = first.filter((act) => act.stage.partition !== stage.partition || stages.indexOf(act.stage) < at);
    addAll(links.depends, id, before);
  }
  return undefined;
}

/**
 * Lets a machine that is a process boot after the gateways that it reaches its needs by: those of the partition that has its own. Where these
 * are only configured for what needs it in turn they are as they should be for it.
 */
function tieToHome({ input: { spec }, needs, stages, order, starts }: Links, own: readonly Act[], alias: string): void {
  if (!needsOf(spec, alias).some(({ subscription }) => isServed(spec, subscription))) return;
  for (const { stage, machine } of own) {
    if (!machine) continue;
    const home = stages.filter(({ partition }) => partition === gatewayHome(spec.partitions, stage.partition));
    const first = home.find(({ kind }) => kind === 'gateway');
    const before = home.slice(0, first && home.indexOf(first));
    const isForOthers = [...starts].some(
      ([other, acts]) => needs.behind(other).has(alias) && acts.some((act) => before.includes(act.stage)),
    );
    if (first && !isForOthers) order.wait(stage, elsewhere(stage, [first, ...gatewaysAfter(stages, first)]));
  }
}

/** Lets what goes for good leave the rotation, and go, after those that need it; not where those could not go before it. */
function tieEnds(links: Links, alias: string): void {
  const { stages, order, ends } = links;
  const others = goneBefore(links, alias);
  if (others.length === 0) return;
  for (const act of ends.get(alias) ?? []) {
    const first = stages.find(({ withdraw }) => withdraw?.includes(act.process)) ?? act.stage;
    const at = stages.indexOf(first);
    const earlier = others.filter(({ stage }) => stage.partition !== first.partition || stages.indexOf(stage) < at);
    if (
      !order.wait(
        first,
        elsewhere(
          first,
          earlier.map(({ stage }) => stage),
        ),
      )
    )
      continue;
    addAll(links.depends, act.id, earlier);
    addAll(links.conditions, act.process, earlier);
  }
}

/** Removals of those that need it no more, when it goes for good; nothing where it stays. */
function goneBefore({ input: { spec, decisions }, needs, ends }: Links, alias: string): readonly Act[] {
  if (spec.subscriptions[alias] && decisions.processes[alias]?.desired !== 0) return [];
  return needs.before(alias).flatMap((dependent) => {
    const stays = (decisions.processes[dependent]?.desired ?? 0) > 0;
    const stillNeeds = needsOf(spec, dependent).some(({ subscription }) => subscription === alias);
    return stays && stillNeeds ? [] : (ends.get(dependent) ?? []);
  });
}

/** What starts and what ends, by alias. */
function actsOf({ inventory, observation }: PlanInput, stages: readonly Stage[]) {
  const aliasOf = new Map(inventory.processes.map(({ name, subscription }) => [name, subscription]));
  for (const seen of Object.values(observation.vms))
    if (seen.status === 'reached') for (const { name, subscription } of seen.processes) aliasOf.set(name, subscription);
  const starts = new Map<string, Act[]>();
  const ends = new Map<string, Act[]>();
  for (const stage of stages)
    for (const action of stage.actions) {
      if (action.kind === 'vm.create' && action.guest) {
        add(starts, action.guest.subscription, { id: action.id, process: action.guest.name, stage, machine: true });
        continue;
      }
      const which = startsProcess(action) ? starts : action.kind === 'process.remove' ? ends : undefined;
      if (!which || !('process' in action)) continue;
      const alias = 'subscription' in action ? action.subscription : (aliasOf.get(action.process) ?? '');
      add(which, alias, { id: action.id, process: action.process, stage });
    }
  return { starts, ends };
}

function add(acts: Map<string, Act[]>, alias: string, act: Act): void {
  const known = acts.get(alias);
  if (known) known.push(act);
  else acts.set(alias, [act]);
}

function startsProcess({ kind }: Action): boolean {
  return kind === 'process.create' || kind === 'process.start' || kind === 'process.adopt';
}

/** All that is done for the first `count` processes; undefined where there are fewer. */
function firstOf(acts: readonly Act[], count: number): readonly Act[] | undefined {
  const processes = new Set([...new Set(acts.map(({ process }) => process))].slice(0, count));
  return processes.size < count ? undefined : acts.filter(({ process }) => processes.has(process));
}

/** The gateways that are configured directly after a stage. */
function gatewaysAfter(stages: readonly Stage[], stage: Stage): readonly Stage[] {
  const later = stages.filter(({ partition }) => partition === stage.partition);
  const rest = later.slice(later.indexOf(stage) + 1);
  const end = rest.findIndex(({ kind }) => kind !== 'gateway');
  return end < 0 ? rest : rest.slice(0, end);
}

function elsewhere(stage: Stage, others: readonly Stage[]): readonly Stage[] {
  return [...new Set(others)].filter(({ partition }) => partition !== stage.partition);
}

function addAll(ties: Map<string, Set<string>>, key: string, acts: readonly Act[]): void {
  const known = ties.get(key) ?? new Set<string>();
  ties.set(key, known);
  for (const { id } of acts) known.add(id);
}

/** The stage with what its actions depend on besides, and what it waits for. */
function tiedStage({ order, depends, conditions }: Links, stage: Stage): Stage {
  const after = order.waits(stage);
  const actions = stage.actions.map((action) => {
    const more = depends.get(action.id);
    return more ? { ...action, dependsOn: [...new Set([...action.dependsOn, ...more])] } : action;
  });
  const more = (stage.withdraw ?? []).flatMap((process) => {
    const ids = conditions.get(process);
    return ids ? [[process, [...new Set([...(stage.withdrawAfter?.[process] ?? []), ...ids])]] as const] : [];
  });
  return {
    ...stage,
    actions,
    ...(more.length > 0 ? { withdrawAfter: { ...stage.withdrawAfter, ...Object.fromEntries(more) } } : {}),
    ...(after.length > 0 ? { after } : {}),
  };
}
