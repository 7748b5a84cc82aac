/** `stratos process ls`: all processes, or those of one subscription. */
import type { Command } from 'commander';
import { EXIT } from '../../model/errors.ts';
import { formatDuration } from '../../model/quantity.ts';
import { shortDigest } from '../../report/action-text.ts';
import type { Column } from '../../report/table.ts';
import { table } from '../../report/table.ts';
import type { CommandContext } from '../context.ts';
import { describeCommand } from '../describe-command.ts';
import type { GlobalOptions } from '../global-options.ts';
import { globalOptionsOf } from '../global-options.ts';
import { printResult } from '../print-result.ts';
import type { ProcessRow } from './find-process.ts';
import { processRows } from './find-process.ts';

export interface LsOptions {
  readonly globals: GlobalOptions;
  readonly alias?: string;
  readonly refresh: boolean;
}

/** Configures the command. */
export function lsCommand(command: Command, context: CommandContext, run = runLs): void {
  describeCommand(command, {
    description:
      'Lists processes with their VM, state, address, image and age. Reads the inventory; with --refresh it asks the VMs.',
    examples: [
      ['stratos process ls', 'all processes'],
      ['stratos process ls shop --refresh', 'those of one subscription, as they are now'],
    ],
    globals: ['dir'],
  })
    .argument('[alias]', 'only this subscription')
    .option('--refresh', 'ask the VMs')
    .action(async (alias: string | undefined, options: { refresh?: true }) => {
      const given = alias === undefined ? {} : { alias };
      context.exit(
        await run({ globals: globalOptionsOf(command), refresh: options.refresh ?? false, ...given }, context),
      );
    });
}

const COLUMNS: readonly Column<ProcessRow>[] = [
  { title: 'PROCESS', value: (row) => row.name, colour: (text, _row, paint) => paint.bold(text) },
  { title: 'CARTRIDGE', value: (row) => row.cartridge },
  {
    title: 'STATE',
    value: (row) => row.state,
    colour: (text, row, paint) => (row.state === 'ready' ? paint.green(text) : paint.yellow(text)),
  },
  { title: 'VM', value: (row) => row.vm },
  { title: 'ADDRESS', value: (row) => row.address },
  { title: 'IMAGE', value: (row) => shortDigest(row.image) },
  { title: 'AGE', value: (row) => formatDuration(row.age), align: 'right' },
  { title: 'FAILURE', value: (row) => row.failure ?? '', shrinks: true },
];

/** Prints the processes; partial when a VM that was asked did not answer. */
export async function runLs({ globals, alias, refresh }: LsOptions, context: CommandContext): Promise<number> {
  const report = await context.use.status(await context.open(globals), { refresh, signal: context.signal });
  const rows = processRows(report).filter((row) => alias === undefined || row.subscription === alias);
  await printResult(context, globals, {
    kind: 'ProcessList',
    body: { observed: report.observed, processes: rows },
    text: (view) => (rows.length === 0 ? 'no processes\n' : table(COLUMNS, rows, view)),
  });
  return report.unreachable.length > 0 ? EXIT.partial : EXIT.done;
}
