/** What a simulation came to, for people: a table of subscriptions, or two columns side by side. */
import { formatDuration } from '../model/quantity.ts';
import type { SimulationOutcome } from '../reconcile/simulation.ts';
import type { SimulationResult, Totals } from '../simulate/result.ts';
import { capacityOf } from '../simulate/service-model.ts';
import { shortNumber } from './short-number.ts';
import type { Column, TableSettings } from './table.ts';
import { table } from './table.ts';

/** The text. Ends with a line break. */
export function simulationView(outcome: SimulationOutcome, settings: TableSettings): string {
  const [first, second] = outcome.results;
  if (!first) return '';
  const body = second ? comparison(first, second, settings) : single(first, settings);
  const remarks = outcome.results.flatMap((result) => remarksOf(result, second !== undefined));
  return [...introLines(outcome), '', body.trimEnd(), ...remarks.map((line) => `! ${line}`), ''].join('\n');
}

/** What was simulated, in one or two lines. */
export function introLines({ results, loads, services, every }: SimulationOutcome): readonly string[] {
  const [first] = results;
  if (!first) return [];
  const models = [...new Set(Object.values(services).map(serviceText))];
  const load = [...new Set(Object.values(loads))];
  return [
    `${formatDuration(first.duration)} from ${new Date(first.start).toISOString().replace(/\.\d+Z$/, 'Z')} in steps of ${formatDuration(first.step)}, a run every ${formatDuration(every)}`,
    `load: ${load.length > 3 ? `${load.slice(0, 3).join('; ')} and others` : load.join('; ')}`,
    `one process answers ${models.length > 3 ? `${models.slice(0, 3).join('; ')} and others` : models.join('; ')}`,
  ];
}

function serviceText(service: SimulationOutcome['services'][string]): string {
  const { concurrency, serviceTime, objective } = service;
  return `${shortNumber(capacityOf(service))} requests/s: ${shortNumber(concurrency)} side by side, ${formatDuration(serviceTime)} each; slow is over ${formatDuration(objective)}`;
}

interface Row {
  readonly name: string;
  readonly totals: Totals;
}

const COLUMNS: readonly Column<Row>[] = [
  { title: 'SUBSCRIPTION', value: ({ name }) => name },
  { title: 'REQUESTS', value: ({ totals }) => shortNumber(totals.requests), align: 'right' },
  { title: 'SLOW', value: ({ totals }) => part(totals.slow, totals.requests), align: 'right' },
  { title: 'REFUSED', value: ({ totals }) => part(totals.refused, totals.requests), align: 'right' },
  { title: 'MEAN', value: ({ totals }) => shortNumber(totals.mean), align: 'right' },
  { title: 'MAX', value: ({ totals }) => String(totals.max), align: 'right' },
  { title: 'PROCESS-HOURS', value: ({ totals }) => shortNumber(totals.processHours), align: 'right' },
  {
    title: 'ASLEEP',
    value: ({ totals }) => (totals.sleepHours > 0 ? shortNumber(totals.sleepHours) : ''),
    align: 'right',
  },
  { title: 'WAKES', value: ({ totals }) => String(totals.wakes), align: 'right' },
  { title: 'THRASH', value: ({ totals }) => String(totals.thrash), align: 'right' },
];

function single(result: SimulationResult, settings: TableSettings): string {
  const rows = Object.entries(result.subscriptions).map(([name, totals]) => ({ name, totals }));
  const sum = rows.length > 1 ? [{ name: 'all', totals: result.all }] : [];
  const { vms } = result;
  const cost = vms.cost === undefined ? '' : `, cost ${shortNumber(vms.cost)}`;
  return `${table(COLUMNS, [...rows, ...sum], settings)}\nVMs: ${shortNumber(vms.mean)} on average, ${String(vms.max)} at most, ${String(vms.made)} made, ${String(vms.removed)} removed; ${shortNumber(vms.hours)} VM-hours${cost}\n`;
}

interface Fact {
  readonly name: string;
  readonly text: (result: SimulationResult) => string;
  readonly value: (result: SimulationResult) => number;
}

const FACTS: readonly Fact[] = [
  fact('requests', ({ all }) => all.requests),
  fact(
    'slow or refused',
    ({ all }) => all.violations,
    ({ all }) => percent(all.violations),
  ),
  fact('refused', ({ all }) => all.refused),
  fact('process-hours', ({ all }) => all.processHours),
  fact('asleep, hours', ({ all }) => all.sleepHours),
  fact('processes, mean', ({ all }) => all.mean),
  fact('processes, most', ({ all }) => all.max),
  fact('missing, hours', ({ all }) => all.missingHours),
  fact('wakes', ({ all }) => all.wakes),
  fact('thrash', ({ all }) => all.thrash),
  fact('VM-hours', ({ vms }) => vms.hours),
  fact('VMs, most', ({ vms }) => vms.max),
  fact('cost', ({ vms }) => vms.cost ?? 0),
];

function fact(name: string, value: Fact['value'], text: Fact['text'] = (result) => shortNumber(value(result))): Fact {
  return { name, value, text };
}

/** Rows of a comparison: what, one column for each result, and the difference of two. Without what is nothing in all of them. */
export function factRows(results: readonly SimulationResult[]): readonly (readonly string[])[] {
  return FACTS.filter(({ value }) => results.some((result) => value(result) !== 0)).map(({ name, value, text }) => {
    const [first, second] = results;
    const change = first && second ? [difference(value(first), value(second))] : [];
    return [name, ...results.map((result) => text(result)), ...change];
  });
}

function comparison(first: SimulationResult, second: SimulationResult, settings: TableSettings): string {
  const columns: readonly Column<readonly string[]>[] = ['', first.name, second.name, 'DIFFERENCE'].map(
    (title, index) => ({
      title,
      value: (row) => row[index] ?? '',
      align: index === 0 ? 'left' : 'right',
    }),
  );
  return table(columns, factRows([first, second]), settings);
}

function difference(before: number, after: number): string {
  if (Math.abs(before - after) < 1e-9) return '=';
  if (before === 0) return 'new';
  const share = (after - before) / before;
  return `${share > 0 ? '+' : '−'}${shortNumber(Math.abs(share) * 100)}%`;
}

/** Alarms and notes, with whose they are where there are two. */
export function remarksOf({ name, alarms, notes, all }: SimulationResult, isNamed: boolean): readonly string[] {
  const whose = isNamed ? `${name}: ` : '';
  return [
    ...alarms.map(({ at, text }) => `${whose}${new Date(at).toISOString().slice(0, 16)}Z ${text}`),
    ...(all.missingHours < 0.05
      ? []
      : [
          `${whose}${shortNumber(all.missingHours)} process-hours were wanted and had no room: more VMs are not allowed, or were not there yet`,
        ]),
    ...notes.map((note) => `${whose}${note}`),
  ];
}

function part(count: number, of: number): string {
  return of === 0 ? '' : percent(count / of);
}

/** Never `0%` for what is not nothing. */
function percent(share: number): string {
  if (share > 0 && share < 0.0001) return '<0.01%';
  return `${shortNumber(share * 100)}%`;
}
