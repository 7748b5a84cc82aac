/** `stratos cartridge verify IMAGE`: whether an image is still what it was. */
import type { Command } from 'commander';
import { EXIT } from '../../model/errors.ts';
import type { CommandContext } from '../context.ts';
import { describeCommand } from '../describe-command.ts';
import type { GlobalOptions } from '../global-options.ts';
import { globalOptionsOf } from '../global-options.ts';
import { printImage } from './print-image.ts';

export interface VerifyOptions {
  readonly globals: GlobalOptions;
  readonly reference: string;
}

/** Configures the command. */
export function verifyCommand(command: Command, context: CommandContext, run = runVerify): void {
  describeCommand(command, {
    description:
      'Reads everything an image consists of and compares it with its digests. Exit code 1 when something is missing or damaged.',
    examples: [
      ['stratos cartridge verify php:8.2', 'by name'],
      ['stratos cartridge verify sha256:0123456789ab', 'by digest'],
    ],
    globals: ['dir'],
  })
    .argument('<image>', 'name:tag, name or digest')
    .action(async (reference: string) => {
      context.exit(await run({ globals: globalOptionsOf(command), reference }, context));
    });
}

/** Prints the image that is whole. @throws NotFoundError, StoreError naming the first damaged blob */
export async function runVerify({ globals, reference }: VerifyOptions, context: CommandContext): Promise<number> {
  const image = await context.use.verifyCartridge(await context.open(globals), reference);
  await printImage(context, globals, 'verified', image);
  return EXIT.done;
}
