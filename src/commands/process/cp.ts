/** `stratos process cp FROM TO`: copies files between this machine and a process. */
import type { Command } from 'commander';
import { EXIT, UsageError } from '../../model/errors.ts';
import { formatBytes } from '../../model/quantity.ts';
import type { CommandContext } from '../context.ts';
import { describeCommand } from '../describe-command.ts';
import type { GlobalOptions } from '../global-options.ts';
import { globalOptionsOf } from '../global-options.ts';
import { printDone } from '../print-result.ts';

export interface CpOptions {
  readonly globals: GlobalOptions;
  readonly from: string;
  readonly to: string;
}

/** Configures the command. */
export function cpCommand(command: Command, context: CommandContext, run = runCp): void {
  describeCommand(command, {
    description:
      'Copies a file or a folder from a process or into one. What is copied in belongs to the user the process runs as; a path on this machine that has a colon is written as ./NAME.',
    examples: [
      ['stratos process cp shop-1:/etc/app.conf .', 'from a process to this machine'],
      ['stratos process cp ./site shop-1:/srv/', 'a folder into a process'],
    ],
    globals: ['dir'],
  })
    .argument('<from>', 'a path, or PROCESS:PATH')
    .argument('<to>', 'a path, or PROCESS:PATH')
    .action(async (from: string, to: string) => {
      context.exit(await run({ globals: globalOptionsOf(command), from, to }, context));
    });
}

/** Copies. @throws UsageError unless one side is in a process, NotFoundError, HostError, RemoteCommandError */
export async function runCp({ globals, from, to }: CpOptions, context: CommandContext): Promise<number> {
  const [source, target] = [placeIn(from), placeIn(to)];
  if ((source && target) || (!source && !target))
    throw new UsageError(`Cannot copy as one of the two must be PROCESS:PATH: ${from} ${to}`, {
      hint: 'stratos process cp --help',
    });
  const deps = await context.open(globals);
  const copied = source
    ? await context.use.processCopyOut(deps, source.process, source.path, to, context.signal)
    : await context.use.processCopyIn(deps, target?.process ?? '', from, target?.path ?? '', context.signal);
  const amount = copied.bytes === undefined ? '' : ` (${formatBytes(copied.bytes)})`;
  const left = copied.skipped?.length ? `, without ${String(copied.skipped.length)} that are no files` : '';
  await printDone(context, globals, {
    kind: 'Copied',
    body: copied,
    text: () => `copied ${from} to ${source ? copied.path : `${copied.process}:${copied.path}`}${amount}${left}\n`,
  });
  return EXIT.done;
}

/** `shop-1:/etc/app.conf`; undefined for a path of this machine. */
function placeIn(text: string): { readonly process: string; readonly path: string } | undefined {
  const [, process, path] = /^([a-z0-9][a-z0-9-]*):(.+)$/s.exec(text) ?? [];
  return process === undefined || path === undefined ? undefined : { process, path };
}
