/** `stratos cartridge add NAME`: a cartridge in the spec, as its image says it wants to be run. */
import type { Command } from 'commander';
import { EXIT } from '../../model/errors.ts';
import type { CommandContext } from '../context.ts';
import { describeCommand } from '../describe-command.ts';
import type { GlobalOptions } from '../global-options.ts';
import { globalOptionsOf } from '../global-options.ts';
import { printDone } from '../print-result.ts';

export interface AddOptions {
  readonly globals: GlobalOptions;
  readonly name: string;
  readonly image: string;
  readonly partition: string;
}

/** Configures the command. */
export function addCommand(command: Command, context: CommandContext, run = runAdd): void {
  describeCommand(command, {
    description:
      'Writes a cartridge into stratos.yaml with the ports, health check, resources and volumes that its image says. What stands in the file is what counts from then on; edit it as you like.',
    examples: [
      ['stratos cartridge add php --image php:8.2 --partition web', 'an image of the store'],
      ['stratos cartridge add db --image sha256:0123456789ab --partition data', 'pinned by its digest'],
    ],
    globals: ['dir'],
  })
    .argument('<cartridge>', 'name it gets in the spec')
    .requiredOption('-i, --image <image>', 'name:tag, or a digest')
    .requiredOption('--partition <partition>', 'partition its processes run in')
    .action(async (name: string, given: { image: string; partition: string }) => {
      context.exit(await run({ globals: globalOptionsOf(command), name, ...given }, context));
    });
}

/** Edits the spec. @throws NotFoundError, UsageError, InvalidSpecError */
export async function runAdd({ globals, name, ...given }: AddOptions, context: CommandContext): Promise<number> {
  const deps = await context.open(globals);
  const { file, changed, values } = await context.use.addCartridge(deps, name, given);
  await printDone(context, globals, {
    kind: 'CartridgeAdded',
    body: { name, file, changed, values },
    text: () => `added cartridge ${name} of ${given.image}\nnext: stratos subscribe ALIAS --cartridge ${name}\n`,
  });
  return EXIT.done;
}
