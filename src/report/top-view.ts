/** What the fleet does now, for people: a line for each subscription, then one for each VM. */
import { formatBytes, formatDuration } from '../model/quantity.ts';
import type { TopReport } from '../reconcile/top.ts';
import { cleanText } from './clean-text.ts';
import type { Paint } from './paint.ts';
import { table, type Column } from './table.ts';

/** Renders one look. Ends with a line break. */
export function topView(report: TopReport, settings: { readonly paint: Paint; readonly width: number }): string {
  const { paint } = settings;
  const silent = report.unreachable.map(({ vm, message }) => `${paint.red('✗')} ${cleanText(`${vm}: ${message}`)}\n`);
  return [
    table(SUBSCRIPTIONS, report.subscriptions, settings),
    ...(report.vms.length === 0 ? [] : [table(VMS, report.vms, settings)]),
    ...(silent.length === 0 ? [] : [silent.join('')]),
  ].join('\n');
}

type SubscriptionRow = TopReport['subscriptions'][number];
type VmRow = TopReport['vms'][number];

const SUBSCRIPTIONS: readonly Column<SubscriptionRow>[] = [
  { title: 'ALIAS', value: (row) => row.alias, colour: (text, _row, paint) => paint.bold(text) },
  {
    title: 'HAVE',
    value: ({ have, asleep }) => `${String(have)}${asleep === 0 ? '' : `, ${String(asleep)} asleep`}`,
    align: 'right',
  },
  {
    title: 'WANT',
    value: (row) => String(row.want),
    align: 'right',
    colour: (text, { want, have }, paint) => (want === have ? text : paint.yellow(text)),
  },
  { title: 'IN FLIGHT', value: (row) => number(row.requestsInFlight), align: 'right' },
  { title: 'REQ/S', value: (row) => number(row.requestsPerSecond), align: 'right' },
  {
    title: 'ERR/S',
    value: (row) => number(row.errorsPerSecond),
    align: 'right',
    colour: (text, { errorsPerSecond = 0 }, paint) => (errorsPerSecond > 0 ? paint.red(text) : text),
  },
  {
    title: 'ANSWER',
    value: ({ responseTime }) => (responseTime === undefined ? '' : formatDuration(responseTime)),
    align: 'right',
  },
  { title: 'CPU', value: (row) => share(row.cpu), align: 'right' },
  { title: 'MEMORY', value: (row) => share(row.memory), align: 'right' },
  { title: 'DISK', value: ({ disk }) => (disk === undefined ? '' : formatBytes(disk)), align: 'right' },
];

const VMS: readonly Column<VmRow>[] = [
  { title: 'VM', value: (row) => row.vm, colour: (text, _row, paint) => paint.bold(text) },
  { title: 'PROCESSES', value: (row) => String(row.processes), align: 'right' },
  { title: 'LOAD', value: (row) => number(row.load), align: 'right' },
  { title: 'CPUS', value: (row) => number(row.cpus), align: 'right' },
  { title: 'CPU', value: (row) => share(row.cpu), align: 'right' },
  { title: 'MEMORY', value: (row) => share(row.memory), align: 'right' },
  { title: 'DISK', value: (row) => share(row.disk), align: 'right' },
  { title: 'WAITING FOR CPU', value: (row) => share(row.pressure?.cpu), align: 'right' },
  { title: 'MEMORY', value: (row) => share(row.pressure?.memory), align: 'right' },
  { title: 'IO', value: (row) => share(row.pressure?.io), align: 'right' },
];

function number(value: number | undefined): string {
  if (value === undefined) return '';
  return value >= 10 || Number.isInteger(value) ? String(Math.round(value)) : value.toFixed(1);
}

function share(value: number | undefined): string {
  return value === undefined ? '' : `${String(Math.round(value * 100))}%`;
}
