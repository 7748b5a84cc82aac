/** `stratos process restart PROCESS …`: restarts processes, one after the other, each until it is ready. */
import type { Command } from 'commander';
import { EXIT } from '../../model/errors.ts';
import type { CommandContext } from '../context.ts';
import { describeCommand } from '../describe-command.ts';
import type { GlobalOptions } from '../global-options.ts';
import { globalOptionsOf } from '../global-options.ts';
import { printDone } from '../print-result.ts';

export interface RestartOptions {
  readonly globals: GlobalOptions;
  readonly processes: readonly string[];
}

/** Configures the command. */
export function restartCommand(command: Command, context: CommandContext, run = runRestart): void {
  describeCommand(command, {
    description: 'Restarts processes one after the other; the next one waits until the one before is ready again.',
    examples: [
      ['stratos process restart shop-1', 'one process'],
      ['stratos process restart shop-1 shop-2', 'several, in this order'],
    ],
    globals: ['dir'],
  })
    .argument('<process...>', 'names of processes')
    .action(async (processes: string[]) => {
      context.exit(await run({ globals: globalOptionsOf(command), processes }, context));
    });
}

/** Restarts. @throws NotFoundError, RemoteCommandError */
export async function runRestart({ globals, processes }: RestartOptions, context: CommandContext): Promise<number> {
  await context.use.processRestart(await context.open(globals), processes, context.signal);
  await printDone(context, globals, {
    kind: 'Restarted',
    body: { processes },
    text: () => `restarted ${processes.join(', ')}\n`,
  });
  return EXIT.done;
}
