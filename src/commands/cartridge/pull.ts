/** `stratos cartridge pull NAME`: brings an image from a registry to this machine. */
import type { Command } from 'commander';
import { EXIT } from '../../model/errors.ts';
import type { CommandContext } from '../context.ts';
import { describeCommand } from '../describe-command.ts';
import type { GlobalOptions } from '../global-options.ts';
import { globalOptionsOf } from '../global-options.ts';
import type { TransferOptions } from '../registry-use-cases.ts';
import { printTransfer, transferOptions } from './print-transfer.ts';
import type { GivenTransfer } from './print-transfer.ts';

export interface PullOptions {
  readonly globals: GlobalOptions;
  readonly reference: string;
  readonly transfer: TransferOptions;
}

/** Configures the command. */
export function pullCommand(command: Command, context: CommandContext, run = runPull): void {
  describeCommand(command, {
    description:
      'Brings an image of a registry to this machine, under the name that it has there: for our architecture, only what is missing, every digest verified. Cartridges that use a tag which has moved are replaced by the next reconcile.',
    examples: [
      ['stratos cartridge pull hub:team/php:8.2', 'from a store of the spec'],
      ['stratos cartridge pull registry.example:5000/team/php:8.2', 'by host'],
      ['stratos cartridge pull php:8.2', 'from the default store'],
    ],
    globals: ['dir'],
  })
    .argument('<image>', 'STORE:name:tag, host/name:tag, or name:tag of the default store')
    .option('--attached', 'with signatures and what else is attached')
    .option('--dry-run', 'say what would be fetched, and fetch nothing')
    .action(async (reference: string, given: GivenTransfer) => {
      const transfer = transferOptions(given, context);
      context.exit(await run({ globals: globalOptionsOf(command), reference, transfer }, context));
    });
}

/** Prints what was fetched. @throws UsageError, RegistryError */
export async function runPull({ globals, reference, transfer }: PullOptions, context: CommandContext): Promise<number> {
  const deps = await context.open(globals);
  await printTransfer(context, globals, 'pulled', await context.use.pullCartridge(deps, reference, transfer));
  return EXIT.done;
}
