/** `stratos process show PROCESS`: one process in full. */
import type { Command } from 'commander';
import { EXIT } from '../../model/errors.ts';
import { formatDuration } from '../../model/quantity.ts';
import { facts } from '../../report/facts.ts';
import type { CommandContext } from '../context.ts';
import { describeCommand } from '../describe-command.ts';
import type { GlobalOptions } from '../global-options.ts';
import { globalOptionsOf } from '../global-options.ts';
import { printResult } from '../print-result.ts';
import { findProcess } from './find-process.ts';

export interface ShowOptions {
  readonly globals: GlobalOptions;
  readonly process: string;
  readonly refresh: boolean;
}

/** Configures the command. */
export function showCommand(command: Command, context: CommandContext, run = runShow): void {
  describeCommand(command, {
    description: 'Shows a process: where it runs, its state, address and image. With --refresh its VM is asked.',
    examples: [
      ['stratos process show shop-1', 'what was last recorded'],
      ['stratos process show shop-1 --refresh -o json', 'what is, for a program'],
    ],
    globals: ['dir'],
  })
    .argument('<process>', 'name of the process')
    .option('--refresh', 'ask its VM')
    .action(async (process: string, options: { refresh?: true }) => {
      context.exit(
        await run({ globals: globalOptionsOf(command), process, refresh: options.refresh ?? false }, context),
      );
    });
}

/** Prints the process. @throws NotFoundError */
export async function runShow({ globals, process, refresh }: ShowOptions, context: CommandContext): Promise<number> {
  const report = await context.use.status(await context.open(globals), { refresh, signal: context.signal });
  const row = findProcess(report, process);
  await printResult(context, globals, {
    kind: 'Process',
    body: { observed: report.observed, process: row },
    text: ({ paint }) =>
      facts(
        [
          ['name', row.name],
          ['subscription', row.subscription],
          ['cartridge', row.cartridge],
          ['state', row.state],
          ['failure', row.failure],
          ['vm', row.vm],
          ['address', row.address],
          ['image', row.image],
          ['age', formatDuration(row.age)],
        ],
        paint,
      ),
  });
  return EXIT.done;
}
