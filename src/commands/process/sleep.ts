/** `stratos process sleep PROCESS`: puts a process to sleep before its policy does. */
import { Option, type Command } from 'commander';
import { EXIT } from '../../model/errors.ts';
import type { SleepDepth } from '../../model/inventory.ts';
import type { CommandContext } from '../context.ts';
import { describeCommand } from '../describe-command.ts';
import type { GlobalOptions } from '../global-options.ts';
import { globalOptionsOf } from '../global-options.ts';
import { printDone } from '../print-result.ts';

export interface SleepOptions {
  readonly globals: GlobalOptions;
  readonly process: string;
  readonly depth: SleepDepth;
}

/** Configures the command. */
export function sleepCommand(command: Command, context: CommandContext, run = runSleep): void {
  describeCommand(command, {
    description:
      'Puts a process to sleep before its idle policy does: stopped with its changes kept, or frozen with its memory kept. The next request wakes it. One that has connections open stays awake.',
    examples: [
      ['stratos process sleep shop-1', 'stop it until somebody asks for it'],
      ['stratos process sleep shop-1 --depth frozen', 'keep its memory, give it no CPU'],
    ],
    globals: ['dir'],
  })
    .argument('<process>', 'name of the process')
    .addOption(new Option('--depth <depth>', 'how deep').choices(['frozen', 'stopped']).default('stopped'))
    .action(async (process: string, { depth }: { depth: SleepDepth }) => {
      context.exit(await run({ globals: globalOptionsOf(command), process, depth }, context));
    });
}

/** Puts it to sleep. @throws NotFoundError, UsageError, RemoteCommandError */
export async function runSleep({ globals, process, depth }: SleepOptions, context: CommandContext): Promise<number> {
  await context.use.processSleep(await context.open(globals), process, depth, context.signal);
  await printDone(context, globals, {
    kind: 'Slept',
    body: { process, depth },
    text: () => `${process} sleeps, ${depth}; the next request wakes it\n`,
  });
  return EXIT.done;
}
