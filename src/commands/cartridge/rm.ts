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
  /** In the registry of the name, not on this machine. */
  readonly remote: boolean;
}

/** Configures the command. */
export function rmCommand(command: Command, context: CommandContext, run = runRm): void {
  describeCommand(command, {
    description:
      'Removes names from the store, and whatever no name reaches any more. Copies on VMs stay in use. What a cartridge of the spec needs is kept.',
    examples: [
      ['stratos cartridge rm php:8.1', 'one name'],
      ['stratos cartridge rm sha256:0123456789ab', 'an image with all its names'],
      ['stratos cartridge rm --remote hub:php:8.1', 'in a registry'],
    ],
    globals: ['dir'],
  })
    .argument('<image...>', 'name:tag, or a digest')
    .option('-f, --force', 'also what the spec needs')
    .option('--remote', 'from the registry of the name, not from this machine')
    .action(async (references: string[], { force = false, remote = false }: { force?: boolean; remote?: boolean }) => {
      context.exit(await run({ globals: globalOptionsOf(command), references, force, remote }, context));
    });
}

/** Prints what was freed. @throws NotFoundError, StoreError */
export async function runRm(
  { globals, references, force, remote }: RmOptions,
  context: CommandContext,
): Promise<number> {
  const deps = await context.open(globals);
  const freed = await context.use.removeCartridges(deps, references, { force, remote, signal: context.signal });
  await printDone(context, globals, {
    kind: 'CartridgeRemoved',
    body: { references, freed },
    text: () => `removed ${references.join(', ')}${remote ? '' : `; ${formatBytes(freed)} freed`}\n`,
  });
  return EXIT.done;
}
