/** `stratos iaas ls`: where machines come from, how many there are, what bounds them. */
import type { Command } from 'commander';
import { EXIT } from '../../model/errors.ts';
import type { IaasStatus } from '../../reconcile/iaas-operations.ts';
import { cleanText } from '../../report/clean-text.ts';
import { table, type Column } from '../../report/table.ts';
import type { CommandContext } from '../context.ts';
import { describeCommand } from '../describe-command.ts';
import { globalOptionsOf, type GlobalOptions } from '../global-options.ts';
import { printResult } from '../print-result.ts';

export interface LsOptions {
  readonly globals: GlobalOptions;
  readonly refresh: boolean;
}

/** Configures the command. */
export function lsCommand(command: Command, context: CommandContext, run = runLs): void {
  describeCommand(command, {
    description:
      'Lists the IaaS of the spec with their kind, VMs, partitions and limits. Reads the inventory; with --refresh each IaaS is asked for its machines.',
    examples: [
      ['stratos iaas ls', 'all of them'],
      ['stratos iaas ls --refresh -o json', 'with the machines that each lists, for a program'],
    ],
    globals: ['dir'],
  })
    .option('--refresh', 'ask each IaaS for its machines')
    .action(async (options: { refresh?: true }) => {
      context.exit(await run({ globals: globalOptionsOf(command), refresh: options.refresh ?? false }, context));
    });
}

/** Prints them; partial when one that was asked did not answer. */
export async function runLs({ globals, refresh }: LsOptions, context: CommandContext): Promise<number> {
  const iaas = await context.use.iaasList(await context.open(globals), { refresh });
  const silent = iaas.filter(({ problem }) => problem !== undefined);
  await printResult(context, globals, {
    kind: 'IaasList',
    body: { observed: refresh, iaas },
    text: (view) =>
      table(COLUMNS, iaas, view) +
      silent.map(({ name, problem = '' }) => `${view.paint.red('✗')} ${cleanText(`${name}: ${problem}`)}\n`).join(''),
  });
  return silent.length > 0 ? EXIT.partial : EXIT.done;
}

const COLUMNS: readonly Column<IaasStatus>[] = [
  { title: 'IAAS', value: ({ name }) => name, colour: (text, _row, paint) => paint.bold(text) },
  { title: 'KIND', value: ({ kind }) => kind },
  { title: 'VMS', value: ({ vms }) => String(vms), align: 'right' },
  {
    title: 'MACHINES',
    value: ({ machines, problem }) => (problem === undefined ? String(machines ?? '') : '?'),
    align: 'right',
  },
  { title: 'PARTITIONS', value: ({ partitions }) => partitions.map(placeText).join(', '), shrinks: true },
  { title: 'LIMITS', value: ({ limits }) => limitsText(limits) },
];

function placeText({ name, min, max, zones }: IaasStatus['partitions'][number]): string {
  const bounds = max === undefined ? `${String(min)}+` : `${String(min)}–${String(max)}`;
  return `${name} ${bounds}${zones === undefined ? '' : ` in ${zones.join('/')}`}`;
}

function limitsText(limits: IaasStatus['limits']): string {
  if (!limits) return '';
  const { concurrency, ratePerSecond } = limits;
  return `${String(concurrency)} at a time${ratePerSecond === undefined ? '' : `, ${String(ratePerSecond)}/s`}`;
}
