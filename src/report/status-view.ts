/** What runs, for people: one line for each subscription, then one for each VM by partition. */
import { NO_BOUND } from '../model/bounds.ts';
import type { StatusReport } from '../reconcile/status-of.ts';
import { cleanText } from './clean-text.ts';
import type { Paint } from './paint.ts';
import type { Column } from './table.ts';
import { table } from './table.ts';

export interface StatusViewSettings {
  readonly paint: Paint;
  readonly width: number;
}

type SubscriptionRow = StatusReport['subscriptions'][number];
type PartitionRow = StatusReport['partitions'][number];
/** A VM with the name of its partition. */
export type VmRow = PartitionRow['vms'][number] & { readonly partition: string };

/** Renders a status. Ends with a line break. */
export function statusView(report: StatusReport, settings: StatusViewSettings): string {
  const vms = report.partitions.flatMap((partition) =>
    partition.vms.map((vm) => ({ ...vm, partition: partition.name })),
  );
  const sections = [
    report.subscriptions.length === 0
      ? 'no subscriptions: stratos subscribe ALIAS --cartridge NAME\n'
      : table(SUBSCRIPTION_COLUMNS, report.subscriptions, settings),
    vms.length === 0 ? 'no VMs yet: stratos reconcile\n' : vmTable(vms, settings),
    ...troubles(report, settings),
    ...wishes(report, settings),
    ...rollouts(report, settings),
    ...closed(report, settings),
    ...emptyPartitions(report),
    ...unreachable(report, settings),
  ];
  return sections.join('\n');
}

/** One line for each VM. Ends with a line break. */
export function vmTable(vms: readonly VmRow[], settings: StatusViewSettings): string {
  return table(VM_COLUMNS, vms, settings);
}

const SUBSCRIPTION_COLUMNS: readonly Column<SubscriptionRow>[] = [
  { title: 'ALIAS', value: (row) => row.alias, colour: (text, _row, paint) => paint.bold(text) },
  { title: 'CARTRIDGE', value: (row) => row.cartridge },
  { title: 'PARTITION', value: (row) => row.partition },
  {
    title: 'READY',
    value: (row) =>
      `${String(row.ready)}/${String(row.total)}${row.asleep === 0 ? '' : `, ${String(row.asleep)} asleep`}`,
    align: 'right',
    colour: (text, row, paint) =>
      row.ready + row.asleep < Math.max(row.total, row.desired.min) ? paint.yellow(text) : paint.green(text),
  },
  { title: 'BOUNDS', value: (row) => bounds(row.desired) },
  { title: 'URL', value: (row) => urls(row), shrinks: true },
];

const VM_COLUMNS: readonly Column<VmRow>[] = [
  { title: 'VM', value: (row) => row.name, colour: (text, _row, paint) => paint.bold(text) },
  { title: 'PARTITION', value: (row) => row.partition },
  {
    title: 'STATE',
    value: (row) => vmState(row),
    colour: (text, row, paint) => (vmState(row) === 'ready' ? paint.green(text) : paint.yellow(text)),
  },
  { title: 'IAAS', value: (row) => row.iaas },
  { title: 'ADDRESS', value: (row) => row.address ?? '' },
  { title: 'PROCESSES', value: (row) => String(row.processes), align: 'right' },
];

/** A VM's state with what an operator asked of it: `ready, cordoned`. */
export function vmState(vm: {
  readonly state: string;
  readonly cordoned: boolean;
  readonly draining: boolean;
}): string {
  if (vm.draining) return `${vm.state}, draining`;
  return vm.cordoned ? `${vm.state}, cordoned` : vm.state;
}

function bounds({ min, max }: { readonly min: number; readonly max: number }): string {
  if (min === max) return String(min);
  return max === NO_BOUND ? `${String(min)}+` : `${String(min)}–${String(max)}`;
}

/** The first URL and how many others there are; every VM of the partition serves the same. */
function urls(row: SubscriptionRow): string {
  const [first, ...others] = row.urls;
  if (first === undefined) return '';
  return others.length === 0 ? first : `${first} (+${String(others.length)})`;
}

/** Processes that somebody must look at. */
function troubles(report: StatusReport, { paint }: StatusViewSettings): string[] {
  const lines = report.subscriptions.flatMap(({ processes }) =>
    processes.flatMap(({ name, vm, state, failure }) => {
      if (failure === undefined && state !== 'unhealthy' && state !== 'missing') return [];
      return [`${paint.red('✗')} ${cleanText(`${name} on ${vm}: ${failure ?? TROUBLE[state] ?? state}`)}\n`];
    }),
  );
  if (lines.length > MOST_TROUBLES) lines.splice(MOST_TROUBLES - 1, lines.length, '  and more: stratos process ls\n');
  return lines.length === 0 ? [] : [lines.join('')];
}

const MOST_TROUBLES = 10;
const TROUBLE: Partial<Record<string, string>> = {
  unhealthy: 'runs, and no gateway gets an answer from it',
  missing: 'its container is gone',
};

/** IaaS that refused machines and are left alone for a while. */
function closed({ partitions }: StatusReport, { paint }: StatusViewSettings): string[] {
  const lines = partitions.flatMap(({ name, closed: reasons = [] }) =>
    reasons.map((reason) => `${paint.yellow('~')} ${cleanText(`${name}: ${reason}`)}\n`),
  );
  return lines.length === 0 ? [] : [lines.join('')];
}

/** Where policy wants another number than there is, and why. */
function wishes(report: StatusReport, { paint }: StatusViewSettings): string[] {
  const lines = report.subscriptions.flatMap(({ alias, want, why, total }) =>
    want === undefined || want === total
      ? []
      : [`${paint.yellow('~')} ${cleanText(`${alias}: ${String(total)} → ${String(want)}: ${why ?? ''}`)}\n`],
  );
  return lines.length === 0 ? [] : [lines.join('')];
}

/** Rollouts that are not over, or ended otherwise than they should. */
function rollouts(report: StatusReport, { paint }: StatusViewSettings): string[] {
  const lines = report.subscriptions.flatMap(({ alias, rollout }) => {
    if (!rollout || rollout.state === 'succeeded' || rollout.state === 'superseded') return [];
    const { revision, state, phase, runs, waits, failure } = rollout;
    const how = phase === undefined ? state : `${state}, ${phase}`;
    const back = runs === revision ? '' : `; revision ${String(runs)} runs`;
    const why = failure ?? waits;
    const text = `${alias}: revision ${String(revision)} ${how}${why === undefined ? '' : `: ${why}`}${back}`;
    return [`${state === 'failed' ? paint.red('✗') : paint.yellow('~')} ${cleanText(text)}\n`];
  });
  return lines.length === 0 ? [] : [lines.join('')];
}

function emptyPartitions(report: StatusReport): string[] {
  const empty = report.partitions.filter((partition) => partition.vms.length === 0 && report.subscriptions.length > 0);
  const total = report.partitions.reduce((sum, partition) => sum + partition.vms.length, 0);
  if (empty.length === 0 || total === 0) return [];
  return [`partitions without VMs: ${empty.map((partition) => partition.name).join(', ')}\n`];
}

function unreachable(report: StatusReport, { paint }: StatusViewSettings): string[] {
  const lines = report.unreachable.map(({ vm, message }) => `${paint.red('✗')} ${cleanText(`${vm}: ${message}`)}\n`);
  return lines.length === 0 ? [] : [lines.join('')];
}
