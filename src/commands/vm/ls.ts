/** `stratos vm ls`: the VMs of all partitions, or of one. */
import type { Command } from 'commander';
import { EXIT } from '../../model/errors.ts';
import { vmTable } from '../../report/status-view.ts';
import type { CommandContext } from '../context.ts';
import { describeCommand } from '../describe-command.ts';
import type { GlobalOptions } from '../global-options.ts';
import { globalOptionsOf } from '../global-options.ts';
import { printResult } from '../print-result.ts';

export interface LsOptions {
  readonly globals: GlobalOptions;
  readonly partition?: string;
  readonly refresh: boolean;
}

/** Configures the command. */
export function lsCommand(command: Command, context: CommandContext, run = runLs): void {
  describeCommand(command, {
    description:
      'Lists VMs with their partition, state, IaaS, address and number of processes. Reads the inventory; with --refresh it asks them.',
    examples: [
      ['stratos vm ls', 'all VMs'],
      ['stratos vm ls web --refresh', 'those of one partition, as they are now'],
    ],
    globals: ['dir'],
  })
    .argument('[partition]', 'only this partition')
    .option('--refresh', 'ask the VMs')
    .action(async (partition: string | undefined, options: { refresh?: true }) => {
      const given = partition === undefined ? {} : { partition };
      context.exit(
        await run({ globals: globalOptionsOf(command), refresh: options.refresh ?? false, ...given }, context),
      );
    });
}

/** Prints the VMs; partial when one that was asked did not answer. */
export async function runLs({ globals, partition, refresh }: LsOptions, context: CommandContext): Promise<number> {
  const report = await context.use.status(await context.open(globals), { refresh, signal: context.signal });
  const partitions = report.partitions.filter(({ name }) => partition === undefined || name === partition);
  const vms = partitions.flatMap(({ name, vms }) => vms.map((vm) => ({ ...vm, partition: name })));
  await printResult(context, globals, {
    kind: 'VmList',
    body: { observed: report.observed, vms },
    text: (view) => (vms.length === 0 ? 'no VMs\n' : vmTable(vms, view)),
  });
  return report.unreachable.length > 0 ? EXIT.partial : EXIT.done;
}
