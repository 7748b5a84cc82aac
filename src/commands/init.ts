/** `stratos init`: a project directory with a spec that is ready to edit. */
import { relative } from 'node:path';
import type { Command } from 'commander';
import { Option } from 'commander';
import { EXIT } from '../model/errors.ts';
import type { CommandContext } from './context.ts';
import { describeCommand } from './describe-command.ts';
import type { GlobalOptions } from './global-options.ts';
import { globalOptionsOf } from './global-options.ts';
import { printDone } from './print-result.ts';
import type { StarterIaas } from './project-use-cases.ts';

export interface InitOptions {
  readonly globals: GlobalOptions;
  readonly iaas: StarterIaas;
}

/** Configures the command. */
export function initCommand(command: Command, context: CommandContext, run = runInit): void {
  describeCommand(command, {
    description: 'Writes a commented stratos.yaml to start from. Touches nothing that is there already.',
    examples: [
      ['stratos init', 'start a project in the working directory'],
      ['stratos init --dir /srv/fleet --iaas static', 'somewhere else, for machines that exist already'],
    ],
    globals: ['dir'],
  })
    .addOption(
      new Option('--iaas <kind>', 'where VMs come from: nested on this machine, or machines that exist')
        .choices(['local', 'static'])
        .default('local'),
    )
    .action(async (options: { iaas: StarterIaas }) => {
      context.exit(await run({ globals: globalOptionsOf(command), iaas: options.iaas }, context));
    });
}

/** Prints which files were written. @throws UsageError when there is a project already */
export async function runInit({ globals, iaas }: InitOptions, context: CommandContext): Promise<number> {
  const { directory } = await context.open(globals);
  const files = (await context.use.initProject(directory, { iaas })).map((file) => relative(directory, file));
  await printDone(context, globals, {
    kind: 'Project',
    body: { directory, files },
    text: () => `wrote ${files.join(', ')} in ${directory}\nnext: edit stratos.yaml, then stratos plan\n`,
  });
  return EXIT.done;
}
