/** `stratos cartridge push IMAGE [NAME]`: brings an image to a registry. */
import type { Command } from 'commander';
import { EXIT } from '../../model/errors.ts';
import type { CommandContext } from '../context.ts';
import { describeCommand } from '../describe-command.ts';
import type { GlobalOptions } from '../global-options.ts';
import { globalOptionsOf } from '../global-options.ts';
import type { TransferOptions } from '../registry-use-cases.ts';
import { printTransfer, transferOptions } from './print-transfer.ts';
import type { GivenTransfer } from './print-transfer.ts';

export interface PushOptions {
  readonly globals: GlobalOptions;
  readonly reference: string;
  readonly to: string | undefined;
  readonly transfer: TransferOptions;
}

/** Configures the command. */
export function pushCommand(command: Command, context: CommandContext, run = runPush): void {
  describeCommand(command, {
    description:
      'Brings an image of this machine to a registry: only the blobs that are missing there, taken up again where the connection was cut. Without a second name it is the same in the default store.',
    examples: [
      ['stratos cartridge push php:8.2', 'to the default store'],
      ['stratos cartridge push php:8.2 hub:team/php:8.2 --attached', 'under another name, with its signatures'],
      ['stratos cartridge push php:8.2 registry.example:5000/team/php:8.2 --dry-run', 'only what would be sent'],
    ],
    globals: ['dir'],
  })
    .argument('<image>', 'name:tag, or a digest')
    .argument('[name]', 'STORE:name:tag, or host/name:tag')
    .option('--attached', 'with signatures and what else is attached')
    .option('--dry-run', 'say what would be sent, and send nothing')
    .action(async (reference: string, to: string | undefined, given: GivenTransfer) => {
      const transfer = transferOptions(given, context);
      context.exit(await run({ globals: globalOptionsOf(command), reference, to, transfer }, context));
    });
}

/** Prints what was sent. @throws NotFoundError, UsageError, RegistryError */
export async function runPush(
  { globals, reference, to, transfer }: PushOptions,
  context: CommandContext,
): Promise<number> {
  const deps = await context.open(globals);
  await printTransfer(context, globals, 'pushed', await context.use.pushCartridge(deps, reference, to, transfer));
  return EXIT.done;
}
