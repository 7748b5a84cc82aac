/** `stratos vm show VM`: one VM and what runs on it. */
import type { Command } from 'commander';
import { EXIT, NotFoundError } from '../../model/errors.ts';
import { facts } from '../../report/facts.ts';
import { vmState } from '../../report/status-view.ts';
import type { CommandContext } from '../context.ts';
import { describeCommand } from '../describe-command.ts';
import type { GlobalOptions } from '../global-options.ts';
import { globalOptionsOf } from '../global-options.ts';
import { printResult } from '../print-result.ts';
import { processRows } from '../process/find-process.ts';

export interface ShowOptions {
  readonly globals: GlobalOptions;
  readonly vm: string;
  readonly refresh: boolean;
}

/** Configures the command. */
export function showCommand(command: Command, context: CommandContext, run = runShow): void {
  describeCommand(command, {
    description:
      'Shows a VM: its partition, IaaS, state and address, and the processes on it. With --refresh it is asked.',
    examples: [
      ['stratos vm show web-1', 'what was last recorded'],
      ['stratos vm show web-1 --refresh -o json', 'what is, for a program'],
    ],
    globals: ['dir'],
  })
    .argument('<vm>', 'name of the VM')
    .option('--refresh', 'ask it')
    .action(async (vm: string, options: { refresh?: true }) => {
      context.exit(await run({ globals: globalOptionsOf(command), vm, refresh: options.refresh ?? false }, context));
    });
}

/** Prints the VM. @throws NotFoundError */
export async function runShow({ globals, vm: name, refresh }: ShowOptions, context: CommandContext): Promise<number> {
  const report = await context.use.status(await context.open(globals), { refresh, signal: context.signal });
  const partition = report.partitions.find(({ vms }) => vms.some((candidate) => candidate.name === name));
  const vm = partition?.vms.find((candidate) => candidate.name === name);
  if (!partition || !vm) throw new NotFoundError(`Cannot find VM ${JSON.stringify(name)}`, { hint: 'stratos vm ls' });
  const processes = processRows(report).filter((process) => process.vm === name);
  const silence = report.unreachable.find((entry) => entry.vm === name)?.message;
  await printResult(context, globals, {
    kind: 'Vm',
    body: { observed: report.observed, vm: { ...vm, partition: partition.name }, processes },
    text: ({ paint }) =>
      facts(
        [
          ['name', vm.name],
          ['partition', partition.name],
          ['iaas', vm.zone === undefined ? vm.iaas : `${vm.iaas}, ${vm.zone}`],
          ['state', vmState(vm)],
          ['problem', silence],
          ['address', vm.address],
          ['processes', String(processes.length)],
          ...processes.map(({ name: process, state }) => ['', `${process}  ${state}`] as const),
        ],
        paint,
      ),
  });
  return silence === undefined ? EXIT.done : EXIT.partial;
}
