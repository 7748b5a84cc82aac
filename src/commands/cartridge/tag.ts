/** `stratos cartridge tag IMAGE NAME`: a further name for an image. */
import type { Command } from 'commander';
import { EXIT } from '../../model/errors.ts';
import type { CommandContext } from '../context.ts';
import { describeCommand } from '../describe-command.ts';
import type { GlobalOptions } from '../global-options.ts';
import { globalOptionsOf } from '../global-options.ts';
import { printImage } from './print-image.ts';

export interface TagOptions {
  readonly globals: GlobalOptions;
  readonly reference: string;
  readonly name: string;
}

/** Configures the command. */
export function tagCommand(command: Command, context: CommandContext, run = runTag): void {
  describeCommand(command, {
    description:
      'Points a name at an image. A name that exists moves; cartridges that use it are then replaced, one process at a time.',
    examples: [
      ['stratos cartridge tag php:8.2-test php:8.2', 'release what was tested'],
      ['stratos cartridge tag sha256:0123456789ab php:8.1', 'go back to an image by its digest'],
      ['stratos cartridge tag hub:php:8.2-test hub:php:8.2', 'the same in a registry'],
    ],
    globals: ['dir'],
  })
    .argument('<image>', 'name:tag, or a digest')
    .argument('<name>', 'the further name:tag')
    .action(async (reference: string, name: string) => {
      context.exit(await run({ globals: globalOptionsOf(command), reference, name }, context));
    });
}

/** Prints the image with its names. @throws NotFoundError */
export async function runTag({ globals, reference, name }: TagOptions, context: CommandContext): Promise<number> {
  const deps = await context.open(globals);
  await printImage(context, globals, 'tagged', await context.use.tagCartridge(deps, reference, name, context.signal));
  return EXIT.done;
}
