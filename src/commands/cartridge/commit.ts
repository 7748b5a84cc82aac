/** `stratos cartridge commit PROCESS`: an image of what a process has become. */
import type { Command } from 'commander';
import { EXIT } from '../../model/errors.ts';
import { formatDuration } from '../../model/quantity.ts';
import type { CommandContext } from '../context.ts';
import { describeCommand } from '../describe-command.ts';
import type { GlobalOptions } from '../global-options.ts';
import { globalOptionsOf, ownOptions } from '../global-options.ts';
import { printImage } from './print-image.ts';

export interface CommitOptions {
  readonly globals: GlobalOptions;
  readonly target: string;
  readonly tag?: string;
}

/** Configures the command. */
export function commitCommand(command: Command, context: CommandContext, run = runCommit): void {
  describeCommand(command, {
    description:
      'Makes an image of a process: the image it runs, and one layer of what it changed since. It stands still while the changes are copied on its VM; volumes, /run and /tmp stay out. Of an alias, its first ready process is taken.',
    examples: [
      ['stratos cartridge commit shop-1 --tag shop:mended', 'one process'],
      ['stratos cartridge commit shop', 'by alias; the time becomes the tag'],
    ],
    globals: ['dir'],
  })
    .argument('<process>', 'name of a process, or an alias')
    .option('-t, --tag <name:tag>', 'name of the image')
    .action(async (target: string, options: { tag?: string }) => {
      context.exit(await run({ globals: globalOptionsOf(command), target, ...ownOptions(options) }, context));
    });
}

/** Prints the image. @throws NotFoundError, RemoteCommandError, UnreachableError */
export async function runCommit({ globals, target, tag }: CommitOptions, context: CommandContext): Promise<number> {
  const deps = await context.open(globals);
  const { signal } = context;
  const made = await context.use.commitCartridge(deps, target, { signal, ...(tag === undefined ? {} : { tag }) });
  const note = `${made.process} stood still for ${formatDuration(made.frozenMs)}`;
  await printImage(context, globals, 'committed', made, note);
  return EXIT.done;
}
