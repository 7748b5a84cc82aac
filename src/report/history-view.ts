/** What was measured in the past, for people. */
import { formatDuration } from '../model/quantity.ts';
import type { HistoryFacts } from './history-facts.ts';
import { shortNumber } from './short-number.ts';
import type { Column, TableSettings } from './table.ts';
import { table } from './table.ts';

type Row = readonly [alias: string, facts: HistoryFacts];

const COLUMNS: readonly Column<Row>[] = [
  { title: 'SUBSCRIPTION', value: ([alias]) => alias },
  { title: 'SAMPLES', value: ([, { samples }]) => String(samples), align: 'right' },
  { title: 'OVER', value: ([, { from, until }]) => formatDuration(until - from), align: 'right' },
  { title: 'PROCESSES', value: ([, { processes }]) => pair(processes, shortNumber), align: 'right' },
  {
    title: 'REQUESTS',
    value: ([, { requests }]) => (requests === undefined ? '' : shortNumber(requests)),
    align: 'right',
  },
  { title: 'REQUESTS/S', value: ([, facts]) => pair(facts.requestsPerSecond, shortNumber), align: 'right' },
  { title: 'IN FLIGHT', value: ([, facts]) => pair(facts.requestsInFlight, shortNumber), align: 'right' },
  { title: 'RESPONSE', value: ([, facts]) => pair(facts.responseTime, formatDuration), align: 'right' },
  { title: 'CPU', value: ([, facts]) => pair(facts.cpu, share), align: 'right' },
  { title: 'MEMORY', value: ([, facts]) => pair(facts.memory, share), align: 'right' },
];

/** A line for each subscription, each number as mean and maximum. Ends with a line break. */
export function historyView(facts: Readonly<Record<string, HistoryFacts>>, settings: TableSettings): string {
  const rows = Object.entries(facts);
  return rows.length === 0
    ? 'nothing was measured in this time\n'
    : `${table(COLUMNS, rows, settings)}each as mean / most\n`;
}

/** Cells of {@link historyView}, headings first, for a page. */
export function historyRows(facts: Readonly<Record<string, HistoryFacts>>): readonly (readonly string[])[] {
  const rows = Object.entries(facts).map((row) => COLUMNS.map(({ value }) => value(row)));
  return [COLUMNS.map(({ title }) => title.toLowerCase()), ...rows];
}

function pair(
  spread: { readonly mean: number; readonly max: number } | undefined,
  format: (value: number) => string,
): string {
  return spread === undefined ? '' : `${format(spread.mean)} / ${format(spread.max)}`;
}

function share(value: number): string {
  return `${shortNumber(value * 100)}%`;
}
