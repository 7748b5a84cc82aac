/** `stratos cartridge rm IMAGE`: removes a name, and with the last name the image. */
import type { Command } from 'commander';
import { EXIT } from '../../model/errors.ts';
import { formatBytes } from '../../model/quantity.ts';
import type { CommandContext } from '../context.ts';
import { describeCommand } from '../describe-command.ts';
import type { GlobalOptions } from '../global-options.ts';
import { globalOptionsOf } from '../global-options.ts';
import { printDone } from '../print-result.ts';

export interface RmOptions {
  readonly globals: GlobalOptions;
  readonly references: readonly string[];
  /** Also what the spec needs. */
  readonly force: boolean;
}

/** Configures the command. */
export function rmCommand(command: Command, context: CommandContext, run = runRm): void {
  describeCommand(command, {
    description:
      'Removes names from the store, and whatever no name reaches any more. Copies on VMs stay in use. What a cartridge of the spec needs is kept.',
    examples: [
      ['stratos cartridge rm php:8.1', 'one name'],
      ['stratos cartridge rm sha256:0123456789ab', 'an image with all its names'],
    ],
    globals: ['dir'],
  })
    .argument('<image...>', 'name:tag, or a digest')
    .option('-f, --force', 'also what the spec needs')
    .action(async (references: string[], { force = false }: { force?: boolean }) => {
      context.exit(await run({ globals: globalOptionsOf(command), references, force }, context));
    });
}

/** Prints what was freed. @throws NotFoundError, StoreError */
export async function runRm({ globals, references, force }: RmOptions, context: CommandContext): Promise<number> {
  const deps = await context.open(globals);
  const freed = await context.use.removeCartridges(deps, references, { force });
  await printDone(context, globals, {
    kind: 'CartridgeRemoved',
    body: { references, freed },
    text: () => `removed ${references.join(', ')}; ${formatBytes(freed)} freed\n`,
  });
  return EXIT.done;
}
