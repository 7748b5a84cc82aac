/** `stratos cartridge build DIRECTORY`: an image from a cartridge directory, made in a container of its own. */
import type { Command } from 'commander';
import { EXIT } from '../../model/errors.ts';
import type { CommandContext } from '../context.ts';
import { describeCommand } from '../describe-command.ts';
import type { GlobalOptions } from '../global-options.ts';
import { globalOptionsOf, ownOptions } from '../global-options.ts';
import { printImage } from './print-image.ts';

export interface BuildOptions {
  readonly globals: GlobalOptions;
  readonly directory: string;
  readonly tag?: string;
  readonly noCache: boolean;
}

/** Configures the command. */
export function buildCommand(command: Command, context: CommandContext, run = runBuild): void {
  describeCommand(command, {
    description:
      'Builds the image that cartridge.yaml of a directory describes: base, packages, files, commands, entry point. Runs in a container, never in this system. The same input gives the same image.',
    examples: [
      ['stratos cartridge build cartridges/php', 'name and tag from its cartridge.yaml'],
      ['stratos cartridge build cartridges/php --tag php:8.2-test', 'another name'],
    ],
    globals: ['dir'],
  })
    .argument('<directory>', 'directory with a cartridge.yaml')
    .option('-t, --tag <name:tag>', 'name of the image')
    .option('--no-cache', 'build again what is there already, base included')
    .action(async (directory: string, options: { tag?: string; cache: boolean }) => {
      const { cache, ...given } = ownOptions(options);
      context.exit(await run({ globals: globalOptionsOf(command), directory, noCache: !cache, ...given }, context));
    });
}

/** Prints the image. @throws StoreError, HostError */
export async function runBuild(options: BuildOptions, context: CommandContext): Promise<number> {
  const { globals, directory, tag, noCache } = options;
  const deps = await context.open(globals);
  const built = await context.use.buildCartridge(deps, directory, {
    noCache,
    signal: context.signal,
    ...(tag === undefined ? {} : { tag }),
  });
  await printImage(context, globals, 'built', built);
  return EXIT.done;
}
