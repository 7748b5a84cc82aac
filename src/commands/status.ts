/** `stratos status`: what runs and where, from the inventory alone; with `--refresh` the VMs are asked. */
import type { Command } from 'commander';
import { EXIT } from '../model/errors.ts';
import { statusView } from '../report/status-view.ts';
import type { CommandContext } from './context.ts';
import { describeCommand } from './describe-command.ts';
import type { GlobalOptions } from './global-options.ts';
import { globalOptionsOf } from './global-options.ts';
import { printResult } from './print-result.ts';

export interface StatusOptions {
  readonly globals: GlobalOptions;
  readonly refresh: boolean;
}

/** Configures the command. */
export function statusCommand(command: Command, context: CommandContext, run = runStatus): void {
  describeCommand(command, {
    description:
      'Shows each subscription with its processes and addresses, and each VM. Reads the inventory and connects to nothing; with --refresh it asks the VMs.',
    examples: [
      ['stratos status', 'what was last recorded'],
      ['stratos status --refresh', 'what is, as the VMs see it'],
      ['stratos status -o json', 'as one JSON document (docs/json.md)'],
    ],
    globals: ['dir'],
  })
    .option('--refresh', 'ask the VMs')
    .action(async (options: { refresh?: true }) => {
      context.exit(await run({ globals: globalOptionsOf(command), refresh: options.refresh ?? false }, context));
    });
}

/** Prints the status; partial when a VM that was asked did not answer. */
export async function runStatus({ globals, refresh }: StatusOptions, context: CommandContext): Promise<number> {
  const deps = await context.open(globals);
  const report = await context.use.status(deps, { refresh, signal: context.signal });
  await printResult(context, globals, {
    kind: 'Status',
    body: report,
    text: (view) => statusView(report, view),
  });
  return report.unreachable.length > 0 ? EXIT.partial : EXIT.done;
}
