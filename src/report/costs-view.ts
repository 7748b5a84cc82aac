/** What machines cost, for people. */
import type { PartitionCost } from '../reconcile/machine-costs.ts';
import { shortNumber } from './short-number.ts';
import type { Column, TableSettings } from './table.ts';
import { table } from './table.ts';

type Row = readonly [partition: string, cost: PartitionCost];

const COLUMNS: readonly Column<Row>[] = [
  { title: 'PARTITION', value: ([name]) => name },
  { title: 'VM-HOURS', value: ([, { vmHours }]) => shortNumber(vmHours), align: 'right' },
  {
    title: 'WITHOUT PRICE',
    value: ([, { unpricedHours: hours }]) => (hours === 0 ? '' : shortNumber(hours)),
    align: 'right',
  },
  { title: 'COST', value: ([, { cost }]) => shortNumber(cost), align: 'right' },
  {
    title: 'OF IT',
    value: ([, { cost, subscriptions }]) =>
      cost === 0
        ? ''
        : Object.entries(subscriptions)
            .map(([alias, part]) => `${alias} ${shortNumber(part)}`)
            .join(', '),
  },
];

/** A line for each partition; empty where there was no machine. Ends with a line break. */
export function costsView(costs: Readonly<Record<string, PartitionCost>>, settings: TableSettings): string {
  const rows = Object.entries(costs);
  return rows.length === 0 ? '' : `\n${table(COLUMNS, rows, settings)}`;
}
