/** A plan for people: what comes (`+`), changes (`~`) and goes (`-`) in each partition and why, then one line that sums it up. */
import type { Action, Plan, Stage } from '../model/plan.ts';
import type { ActionSign, ImageNames } from './action-text.ts';
import { actionText } from './action-text.ts';
import { cleanText } from './clean-text.ts';
import { count, shortList } from './count-text.ts';
import type { Paint } from './paint.ts';
import { padText, textWidth, truncateText } from './text-width.ts';

export interface PlanViewSettings {
  readonly paint: Paint;
  readonly width: number;
  readonly images?: ImageNames;
}

/** One line of the view; several actions that differ in nothing but their VM share one. */
interface Change {
  readonly sign: ActionSign;
  readonly noun: string;
  readonly target: string;
  readonly detail: string;
  readonly reason: string;
  readonly vms: readonly string[];
}

/** Renders a plan that is not empty; notices and holds come last. Ends with a line break. */
export function planView(plan: Plan, settings: PlanViewSettings): string {
  const { paint } = settings;
  const partitions = Map.groupBy(plan.stages, (stage) => stage.partition);
  const blocks = [...partitions].flatMap(([partition, stages]) => {
    const changes = mergeChanges(stages, settings);
    return changes.length === 0 ? [] : [`${paint.bold(cleanText(partition))}\n${changeLines(changes, settings)}`];
  });
  const remarks = remarkLines(plan, paint);
  return [...blocks, ...(remarks === '' ? [] : [remarks]), `${planSummary(plan)}\n`].join('\n');
}

/** What a plan would do, in numbers: `Plan: 2 VMs and 4 processes to create, 1 process to remove`. */
export function planSummary(plan: Plan): string {
  const actions = plan.stages.flatMap((stage) => stage.actions);
  const replaced = replacedProcesses(actions);
  const tally = (kinds: readonly Action['kind'][], except = new Set<string>()): number =>
    actions.filter((action) => kinds.includes(action.kind) && !('process' in action && except.has(action.process)))
      .length;
  const part = (verb: string, vms: number, processes: number): string[] => {
    const nouns = [
      ...(vms > 0 ? [count(vms, 'VM')] : []),
      ...(processes > 0 ? [count(processes, 'process', 'processes')] : []),
    ];
    return nouns.length === 0 ? [] : [`${nouns.join(' and ')} ${verb}`];
  };
  const gateways = new Set(actions.flatMap((action) => (action.kind === 'gateway.configure' ? [action.vm] : []))).size;
  const images = tally(['image.copy']);
  const parts = [
    ...part('to create', tally(['vm.create']), tally(['process.create'], replaced)),
    ...part('to replace', 0, replaced.size),
    ...part('to start', tally(['vm.start']), tally(['process.start'])),
    ...part('to change in place', 0, tally(['process.limit'])),
    ...part('to wake', 0, tally(['process.wake'])),
    ...part('to put to sleep', 0, tally(['process.sleep'])),
    ...part('to take up', tally(['vm.adopt']), tally(['process.adopt'])),
    ...part('to prepare', tally(['vm.prepare']), 0),
    ...part('to remove', tally(['vm.delete']), tally(['process.remove'], replaced)),
    ...part('to forget', tally(['vm.forget']), tally(['process.forget'])),
    ...(images > 0 ? [count(images, 'image copy', 'image copies')] : []),
    ...(gateways > 0 ? [`${count(gateways, 'gateway')} to configure`] : []),
  ];
  return parts.length === 0 ? 'Plan: nothing to do' : `Plan: ${parts.join(', ')}`;
}

/**
 * What is not ours, `! web-1: container old-db is not ours`, what cannot be had, `✗`, and what is put off, `=`. Empty when there is none
 * of these.
 */
export function remarkLines(plan: Pick<Plan, 'holds' | 'notices'>, paint: Paint): string {
  const lines = [
    ...plan.notices.map(({ target, message }) => `${paint.yellow('!')} ${cleanText(`${target}: ${message}`)}\n`),
    ...plan.holds.map(({ target, reason, unmet }) =>
      unmet
        ? `${paint.red('✗')} ${cleanText(`${target}: ${reason}`)}\n`
        : `${paint.dim('=')} ${cleanText(`${target} held: ${reason}`)}\n`,
    ),
  ];
  return lines.join('');
}

/** The line that stands for an empty plan; a fleet of which something is held back is not as specified. */
export function idleText({ holds }: Pick<Plan, 'holds'>, fleet: string): string {
  return holds.length === 0 ? `nothing to do: ${fleet} as specified` : `nothing else to do: ${fleet}`;
}

/** Processes that one plan removes and creates under the same name. */
function replacedProcesses(actions: readonly Action[]): Set<string> {
  const removed = new Set(actions.flatMap((action) => (action.kind === 'process.remove' ? [action.process] : [])));
  const created = actions.flatMap((action) => (action.kind === 'process.create' ? [action.process] : []));
  return new Set(created.filter((name) => removed.has(name)));
}

function mergeChanges(stages: readonly Stage[], settings: PlanViewSettings): Change[] {
  const replaced = replacedProcesses(stages.flatMap((stage) => stage.actions));
  const changes = new Map<string, Change>();
  for (const change of stages.flatMap((stage) =>
    stage.actions.flatMap((action) => changeOf(action, stage, replaced, settings) ?? []),
  )) {
    const key = [change.sign, change.noun, change.target, change.detail, change.reason].join('\n');
    const before = changes.get(key);
    changes.set(key, before ? { ...before, vms: [...new Set([...before.vms, ...change.vms])] } : change);
  }
  return [...changes.values()];
}

function changeOf(
  action: Action,
  { withdraw = [] }: Stage,
  replaced: ReadonlySet<string>,
  settings: PlanViewSettings,
): Change | undefined {
  const { sign, noun, target, detail } = actionText(action, settings.images);
  const change = { sign, noun, target, detail, reason: action.reason, vms: [] };
  switch (action.kind) {
    case 'image.copy':
      return { ...change, detail: 'to', vms: [action.vm] };
    case 'vm.prepare':
      return { ...change, target: '', detail: 'prepare', vms: [action.vm] };
    case 'gateway.configure':
      return { ...change, target: '', detail: gatewayDetail(withdraw), vms: [action.vm] };
    case 'process.remove':
      return replaced.has(action.process) ? undefined : change;
    case 'process.create':
      return replaced.has(action.process) ? { ...change, sign: '~', detail: `replace ${detail}` } : change;
    default:
      return change;
  }
}

/** So many processes are named; of more only the number is said. */
const MOST_NAMES = 3;

function gatewayDetail(withdraw: readonly string[]): string {
  const { length } = withdraw;
  if (length === 0) return 'configure';
  return `withdraw ${length > MOST_NAMES ? `${length} processes` : withdraw.join(', ')}`;
}

function changeLines(changes: readonly Change[], { paint, width }: PlanViewSettings): string {
  const rows = changes.map((change) => ({ change, what: cleanText(whatText(change)) }));
  const widest = rows.reduce((most, { what }) => Math.max(most, textWidth(what)), 0);
  const colour = { '+': paint.green, '~': paint.yellow, '-': paint.red };
  return rows
    .map(({ change, what }) => {
      const noun = padText(change.noun, NOUN_WIDTH);
      const reason = truncateText(cleanText(change.reason), Math.max(16, width - NOUN_WIDTH - widest - 7));
      const left = reason === '' ? what : padText(what, widest);
      return `  ${colour[change.sign](change.sign)} ${noun} ${left}${reason === '' ? '' : `  ${paint.dim(reason)}`}\n`;
    })
    .join('');
}

/** Width of the longest noun. */
const NOUN_WIDTH = 'process'.length;

function whatText({ noun, target, detail, vms }: Change): string {
  const list = shortList(vms);
  if (noun === 'image') return `${target} ${detail} ${list}`;
  return [target, list, detail].filter((part) => part !== '').join(' ');
}
