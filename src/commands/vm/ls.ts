/** `stratos vm ls`: the VMs of all partitions, or of one. */
import { Option, type Command } from 'commander';
import { EXIT, UsageError } from '../../model/errors.ts';
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

interface Flags {
  readonly refresh?: true;
  readonly orphans?: true;
  readonly adopt?: true;
  readonly delete?: true;
  readonly dryRun?: true;
}

/** Configures the command. */
export function lsCommand(command: Command, context: CommandContext, run = runLs): void {
  describeCommand(command, {
    description:
      'Lists VMs with their partition, state, IaaS, address and number of processes. Reads the inventory; with --refresh it asks them.',
    examples: [
      ['stratos vm ls', 'all VMs'],
      ['stratos vm ls web --refresh', 'those of one partition, as they are now'],
      ['stratos vm ls --orphans', 'machines of this project that the inventory does not know, on every IaaS'],
      ['stratos vm ls --orphans --delete', 'end them, after a confirmation'],
    ],
    globals: ['dir', 'yes', 'lockTimeout'],
  })
    .argument('[partition]', 'only this partition')
    .option('--refresh', 'ask the VMs')
    .option('--orphans', 'machines that carry our label and are not in the inventory, in any state')
    .addOption(new Option('--adopt', 'with --orphans: take them up').conflicts('delete'))
    .option('--delete', 'with --orphans: end them')
    .option('--dry-run', 'with --adopt or --delete: only say which')
    .action(async (partition: string | undefined, options: Flags) => {
      const given = partition === undefined ? {} : { partition };
      const { orphans, adopt, delete: end, dryRun = false } = options;
      const then = adopt ? ('adopt' as const) : end ? ('delete' as const) : undefined;
      if (!orphans && (then !== undefined || dryRun))
        throw new UsageError('Cannot take up or end VMs of the inventory here: this is for orphans', {
          hint: 'stratos vm ls --orphans',
        });
      if (orphans) {
        const { runOrphans } = await import('./orphans.ts');
        const what = { globals: globalOptionsOf(command), dryRun, ...given, ...(then === undefined ? {} : { then }) };
        context.exit(await runOrphans(what, context));
        return;
      }
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
