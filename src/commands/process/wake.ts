/** `stratos process wake PROCESS`: wakes a process and waits until it is ready. */
import type { Command } from 'commander';
import { EXIT } from '../../model/errors.ts';
import type { CommandContext } from '../context.ts';
import { describeCommand } from '../describe-command.ts';
import type { GlobalOptions } from '../global-options.ts';
import { globalOptionsOf } from '../global-options.ts';
import { printDone } from '../print-result.ts';

export interface WakeOptions {
  readonly globals: GlobalOptions;
  readonly process: string;
}

/** Configures the command. */
export function wakeCommand(command: Command, context: CommandContext, run = runWake): void {
  describeCommand(command, {
    description: 'Wakes a process that sleeps, and waits until it is ready. No effect on one that is awake.',
    examples: [
      ['stratos process wake shop-1', 'as a request would'],
      ['stratos process wake shop-1 -o json', 'the same, with one JSON document'],
    ],
    globals: ['dir'],
  })
    .argument('<process>', 'name of the process')
    .action(async (process: string) => {
      context.exit(await run({ globals: globalOptionsOf(command), process }, context));
    });
}

/** Wakes it. @throws NotFoundError, RemoteCommandError */
export async function runWake({ globals, process }: WakeOptions, context: CommandContext): Promise<number> {
  await context.use.processWake(await context.open(globals), process, context.signal);
  await printDone(context, globals, {
    kind: 'Woken',
    body: { process },
    text: () => `${process} is awake\n`,
  });
  return EXIT.done;
}
