/** `stratos process shell PROCESS`: an interactive shell inside a process. */
import type { Command } from 'commander';
import { UsageError } from '../../model/errors.ts';
import type { CommandContext } from '../context.ts';
import { describeCommand } from '../describe-command.ts';
import type { GlobalOptions } from '../global-options.ts';
import { globalOptionsOf } from '../global-options.ts';

export interface ShellOptions {
  readonly globals: GlobalOptions;
  readonly process: string;
}

/** Configures the command. */
export function shellCommand(command: Command, context: CommandContext, run = runShell): void {
  describeCommand(command, {
    description: 'Opens a shell in a process. Needs a terminal; for scripts there is "stratos process exec".',
    examples: [
      ['stratos process shell shop-1', 'look around in a process'],
      ['stratos process exec shop-1 sh -c "ls /srv"', 'the same without a terminal'],
    ],
    globals: ['dir'],
  })
    .argument('<process>', 'name of the process')
    .action(async (process: string) => {
      context.exit(await run({ globals: globalOptionsOf(command), process }, context));
    });
}

/** Ends with the shell's status. @throws UsageError without a terminal, NotFoundError, UnreachableError */
export async function runShell({ globals, process }: ShellOptions, context: CommandContext): Promise<number> {
  if (!context.io.canPrompt) {
    throw new UsageError('Cannot open a shell as there is no terminal', {
      hint: `stratos process exec ${process} sh -c "…"`,
    });
  }
  return context.use.processShell(await context.open(globals), process, context.signal);
}
