/** `stratos process snapshot PROCESS`: keeps the state of a process to come back to. */
import type { Command } from 'commander';
import { EXIT } from '../../model/errors.ts';
import type { CommandContext } from '../context.ts';
import { describeCommand } from '../describe-command.ts';
import type { GlobalOptions } from '../global-options.ts';
import { globalOptionsOf, ownOptions } from '../global-options.ts';
import { printDone } from '../print-result.ts';

export interface SnapshotOptions {
  readonly globals: GlobalOptions;
  readonly process: string;
  readonly comment?: string;
}

/** Configures the command. */
export function snapshotCommand(command: Command, context: CommandContext, run = runSnapshot): void {
  describeCommand(command, {
    description:
      'Takes a snapshot of a process: what it changed in its file system, not its memory and not its volumes. The process is stopped for a moment.',
    examples: [
      ['stratos process snapshot shop-1', 'the next free name: snap0, snap1 …'],
      ['stratos process snapshot shop-1 --comment "before the upgrade"', 'with a word on why'],
    ],
    globals: ['dir'],
  })
    .argument('<process>', 'name of the process')
    .option('-c, --comment <text>', 'why it was taken')
    .action(async (process: string, options: { comment?: string }) => {
      context.exit(await run({ globals: globalOptionsOf(command), process, ...ownOptions(options) }, context));
    });
}

/** Prints the snapshot's name. @throws NotFoundError, RemoteCommandError */
export async function runSnapshot(options: SnapshotOptions, context: CommandContext): Promise<number> {
  const { globals, process, comment } = options;
  const deps = await context.open(globals);
  const { snapshot } = await context.use.processSnapshot(deps, process, {
    signal: context.signal,
    ...(comment === undefined ? {} : { comment }),
  });
  await printDone(context, globals, {
    kind: 'Snapshot',
    body: { process, snapshot },
    text: () => `took ${snapshot} of ${process}\nback to it: stratos process restore ${process} ${snapshot}\n`,
  });
  return EXIT.done;
}
