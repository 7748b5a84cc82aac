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
  /** Name of a VM. */
  readonly on?: string;
  readonly noCache: boolean;
}

/** Configures the command. */
export function buildCommand(command: Command, context: CommandContext, run = runBuild): void {
  describeCommand(command, {
    description:
      'Builds the image that cartridge.yaml of a directory describes. Each step (base, packages, copies, commands) is a layer; one whose input is unchanged is taken from an earlier build. Runs in a container, on this machine or on a VM. The same input gives the same image. With --debug on a terminal, a command that fails opens a shell in its container.',
    examples: [
      ['stratos cartridge build cartridges/php', 'name and tag from its cartridge.yaml'],
      ['stratos cartridge build cartridges/php --tag php:8.2-test', 'another name'],
      ['stratos cartridge build cartridges/php --on build-1', 'on a VM, from any machine'],
    ],
    globals: ['dir'],
  })
    .argument('<directory>', 'directory with a cartridge.yaml')
    .option('-t, --tag <name:tag>', 'name of the image')
    .option('--on <vm>', 'build on a VM of the inventory instead of this machine')
    .option('--no-cache', 'build again what is there already, base included')
    .action(async (directory: string, options: { tag?: string; on?: string; cache?: false }) => {
      const { cache, ...given } = ownOptions(options);
      context.exit(
        await run({ globals: globalOptionsOf(command), directory, noCache: cache === false, ...given }, context),
      );
    });
}

/** Prints the image. @throws StoreError, HostError */
export async function runBuild(options: BuildOptions, context: CommandContext): Promise<number> {
  const { globals, directory, tag, on, noCache } = options;
  const deps = await context.open(globals);
  const built = await context.use.buildCartridge(deps, directory, {
    noCache,
    signal: context.signal,
    ...(tag === undefined ? {} : { tag }),
    ...(on === undefined ? {} : { on }),
    ...(globals.debug && context.io.canPrompt
      ? {
          beforeShell: () => {
            tellShell(context);
          },
        }
      : {}),
  });
  await printImage(context, globals, 'built', built);
  return EXIT.done;
}

function tellShell(context: CommandContext): void {
  context.settle();
  context.io.err.write('a command of the build failed: this is its container; exit to end the build\n');
}
