/** `stratos process logs PROCESS`: what a process wrote to its standard output and error. */
import type { Command } from 'commander';
import type { CommandContext } from '../context.ts';
import { describeCommand } from '../describe-command.ts';
import type { GlobalOptions } from '../global-options.ts';
import { globalOptionsOf, ownOptions } from '../global-options.ts';
import { parseWhole } from '../parse-option.ts';

export interface LogsOptions {
  readonly globals: GlobalOptions;
  readonly process: string;
  readonly follow: boolean;
  readonly lines: number;
  /** As journalctl takes it. */
  readonly since?: string;
}

const DEFAULT_LINES = 200;

/** Configures the command. */
export function logsCommand(command: Command, context: CommandContext, run = runLogs): void {
  describeCommand(command, {
    description: "Prints what a process wrote to its standard output and error, from its VM's journal.",
    examples: [
      ['stratos process logs shop-1', `the last ${String(DEFAULT_LINES)} lines`],
      ['stratos process logs shop-1 --follow --since "10 min ago"', 'ten minutes back, and whatever comes'],
    ],
    globals: ['dir'],
  })
    .argument('<process>', 'name of the process')
    .option('-f, --follow', 'go on printing until interrupted')
    .option('-n, --lines <n>', 'lines to begin with', parseWhole(0), DEFAULT_LINES)
    .option('--since <time>', 'from this time on, as journalctl takes it: "10 min ago", 2026-05-01')
    .action(async (process: string, options: { follow?: true; lines: number; since?: string }) => {
      context.exit(
        await run(
          { globals: globalOptionsOf(command), process, ...ownOptions(options), follow: options.follow ?? false },
          context,
        ),
      );
    });
}

/** Prints the log. @throws NotFoundError, UnreachableError */
export async function runLogs(options: LogsOptions, context: CommandContext): Promise<number> {
  const { globals, process, ...log } = options;
  return context.use.processLogs(await context.open(globals), process, { ...log, signal: context.signal });
}
