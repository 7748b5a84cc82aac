/** `stratos process exec PROCESS PROGRAM …`: runs a program in a process and ends with its exit status. */
import type { Command } from 'commander';
import type { CommandContext } from '../context.ts';
import { programOf } from '../program-of.ts';
import { describeCommand } from '../describe-command.ts';
import type { GlobalOptions } from '../global-options.ts';
import { globalOptionsOf } from '../global-options.ts';

export interface ExecOptions {
  readonly globals: GlobalOptions;
  readonly process: string;
  readonly argv: readonly [string, ...string[]];
  readonly tty: boolean;
}

/** Configures the command. */
export function execCommand(command: Command, context: CommandContext, run = runExec): void {
  describeCommand(command, {
    description:
      "Runs a program in a process, with the process's environment and user. Input and output are passed through, and the exit status is the program's.",
    examples: [
      ['stratos process exec shop-1 ps aux', 'a program and its arguments'],
      ['stratos process exec shop-1 -- sh -c "id; env"', "after --, everything is the program's"],
      ['stratos process exec --tty shop-1 php -a', 'with a terminal'],
    ],
    globals: ['dir'],
  })
    .argument('<process>', 'name of the process')
    .argument('<program...>', 'program and arguments')
    .option('-t, --tty', 'with a terminal')
    .passThroughOptions()
    .action(async (process: string, argv: [string, ...string[]], options: { tty?: true }) => {
      context.exit(
        await run(
          { globals: globalOptionsOf(command), process, argv: programOf(argv), tty: options.tty ?? false },
          context,
        ),
      );
    });
}

/** Ends with the program's own status. @throws NotFoundError, UnreachableError */
export async function runExec({ globals, process, argv, tty }: ExecOptions, context: CommandContext): Promise<number> {
  const deps = await context.open(globals);
  return context.use.processExec(deps, process, argv, { tty, signal: context.signal });
}
