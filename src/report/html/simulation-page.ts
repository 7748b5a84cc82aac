/** The page of a simulation: numbers, and curves of load, processes, answers and VMs. */
import type { SimulationOutcome } from '../../reconcile/simulation.ts';
import type { Series, SimulationResult } from '../../simulate/result.ts';
import { factRows, introLines, remarksOf } from '../simulation-view.ts';
import { shortNumber } from '../short-number.ts';
import type { Chart, ChartLine, Page } from './page.ts';

/** What {@link htmlPage} shows of a simulation. Two results are drawn over each other. */
export function simulationPage(outcome: SimulationOutcome): Page {
  const { results } = outcome;
  const isNamed = results.length > 1;
  const [first] = results;
  const aliases = Object.keys(first?.series ?? {}).filter((alias) => alias !== '');
  const single = aliases.length === 1;
  return {
    title: isNamed ? `Simulation: ${results.map(({ name }) => name).join(' and ')}` : 'Simulation',
    lead: introLines(outcome),
    alarms: results.flatMap((result) => remarksOf(result, isNamed)),
    table: isNamed
      ? [['', ...results.map(({ name }) => name), 'difference'], ...factRows(results)]
      : [['', 'value'], ...factRows(results)],
    sections: [
      { title: single ? (aliases[0] ?? '') : 'All together', charts: [...chartsOf(results, ''), vmChart(results)] },
      ...(single ? [] : aliases.map((alias) => ({ title: alias, charts: chartsOf(results, alias) }))),
    ],
  };
}

function chartsOf(results: readonly SimulationResult[], alias: string): readonly Chart[] {
  const [first] = results;
  const base = first?.series[alias];
  if (!base) return [];
  const isNamed = results.length > 1;
  const lines = (
    pick: (series: Series) => readonly number[],
    label: string,
    more: Pick<ChartLine, 'stepped' | 'dashed'> = {},
  ): readonly ChartLine[] =>
    results.flatMap(({ name, series }) => {
      const own = series[alias];
      if (!own) return [];
      const values = pick(own);
      // What is nothing all the time is no line.
      if (label === 'asleep' && values.every((value) => value === 0)) return [];
      return [{ name: isNamed ? `${label}, ${name}` : label, values, ...more }];
    });
  const { times } = base;
  return [
    { title: 'Load', unit: 'requests/s', times, lines: [{ name: 'requests/s', values: base.load }] },
    {
      title: 'Processes',
      unit: 'number',
      times,
      lines: [
        ...lines(({ wanted }) => wanted, 'wanted', { stepped: true, dashed: true }),
        ...lines(({ ready }) => ready, 'ready', { stepped: true }),
        ...lines(({ asleep }) => asleep, 'asleep', { stepped: true }),
      ],
    },
    { title: 'Response time', unit: 'ms, mean', times, lines: lines(({ responseTime }) => responseTime, 'ms') },
    {
      title: 'Slow or refused',
      unit: '% of requests',
      times,
      lines: lines(({ violations }) => violations.map((share) => share * 100), '%'),
    },
  ];
}

function vmChart(results: readonly SimulationResult[]): Chart {
  const isNamed = results.length > 1;
  return {
    title: 'VMs',
    unit: `number; ${results.map(({ vms }) => `${shortNumber(vms.hours)} VM-hours`).join(' and ')}`,
    times: results[0]?.series['']?.times ?? [],
    lines: results.map(({ name, vmSeries }) => ({
      name: isNamed ? `VMs, ${name}` : 'VMs',
      values: vmSeries,
      stepped: true,
    })),
  };
}
