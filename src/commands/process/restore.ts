/** `stratos process restore PROCESS SNAPSHOT`: puts a process back to a snapshot. */
import type { Command } from 'commander';
import { EXIT } from '../../model/errors.ts';
import type { CommandContext } from '../context.ts';
import { describeCommand } from '../describe-command.ts';
import type { GlobalOptions } from '../global-options.ts';
import { globalOptionsOf } from '../global-options.ts';
import { printDone } from '../print-result.ts';

export interface RestoreOptions {
  readonly globals: GlobalOptions;
  readonly process: string;
  readonly snapshot: string;
}

/** Configures the command. */
export function restoreCommand(command: Command, context: CommandContext, run = runRestore): void {
  describeCommand(command, {
    description:
      'Stops a process, puts its file system back to a snapshot and starts it. What it changed since is gone; its volumes stay as they are.',
    examples: [
      ['stratos process restore shop-1 snap0', 'back to the first snapshot'],
      ['stratos process restore shop-4 shop-1/snap0', 'to what shop-1 was, which shop-4 has replaced since'],
      ['stratos process snapshots shop-1', 'which snapshots there are'],
    ],
    globals: ['dir'],
  })
    .argument('<process>', 'name of the process')
    .argument('<snapshot>', 'name of the snapshot')
    .action(async (process: string, snapshot: string) => {
      context.exit(await run({ globals: globalOptionsOf(command), process, snapshot }, context));
    });
}

/** Restores. @throws NotFoundError, RemoteCommandError */
export async function runRestore(options: RestoreOptions, context: CommandContext): Promise<number> {
  const { globals, process, snapshot } = options;
  await context.use.processRestore(await context.open(globals), process, snapshot, context.signal);
  await printDone(context, globals, {
    kind: 'Restored',
    body: { process, snapshot },
    text: () => `restored ${process} to ${snapshot}\n`,
  });
  return EXIT.done;
}
