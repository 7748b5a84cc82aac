/** `stratos cartridge copy IMAGE NAME`: brings an image from any place to any other. */
import type { Command } from 'commander';
import { EXIT } from '../../model/errors.ts';
import type { CommandContext } from '../context.ts';
import { describeCommand } from '../describe-command.ts';
import type { GlobalOptions } from '../global-options.ts';
import { globalOptionsOf } from '../global-options.ts';
import type { TransferOptions } from '../registry-use-cases.ts';
import { printTransfer, transferOptions } from './print-transfer.ts';
import type { GivenTransfer } from './print-transfer.ts';

export interface CopyOptions {
  readonly globals: GlobalOptions;
  readonly from: string;
  readonly to: string;
  readonly transfer: TransferOptions;
}

/** Configures the command. */
export function copyCommand(command: Command, context: CommandContext, run = runCopy): void {
  describeCommand(command, {
    description:
      'Brings an image from any place to any other: from registry to registry without a stop on this machine’s disk, within a registry without sending what it has. A name without a store or host is one of this machine.',
    examples: [
      ['stratos cartridge copy hub:team/php:8.2 backup:php:8.2 --attached', 'from store to store, with its signatures'],
      ['stratos cartridge copy registry.example:5000/php:8.2 php:8.2', 'to this machine, under another name'],
      ['stratos cartridge copy hub:php:8.2 backup:php:8.2 --all', 'all architectures'],
    ],
    globals: ['dir'],
  })
    .argument('<image>', 'where it is')
    .argument('<name>', 'where it shall be')
    .option('--all', 'all architectures, not only that of this machine')
    .option('--attached', 'with signatures and what else is attached')
    .option('--dry-run', 'say what would be copied, and copy nothing')
    .action(async (from: string, to: string, given: GivenTransfer) => {
      const transfer = transferOptions(given, context);
      context.exit(await run({ globals: globalOptionsOf(command), from, to, transfer }, context));
    });
}

/** Prints what was copied. @throws NotFoundError, UsageError, RegistryError */
export async function runCopy({ globals, from, to, transfer }: CopyOptions, context: CommandContext): Promise<number> {
  const deps = await context.open(globals);
  await printTransfer(context, globals, 'copied', await context.use.copyCartridge(deps, from, to, transfer));
  return EXIT.done;
}
