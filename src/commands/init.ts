/** `stratos init`: a project directory with a spec that is ready to edit. */
import type { Command } from 'commander';
import { EXIT } from '../model/errors.ts';
import type { CommandContext } from './context.ts';
import { describeCommand } from './describe-command.ts';
import type { GlobalOptions } from './global-options.ts';
import { globalOptionsOf } from './global-options.ts';
import { printDone } from './print-result.ts';

/** Configures the command. */
export function initCommand(command: Command, context: CommandContext, run = runInit): void {
  describeCommand(command, {
    description: 'Writes a commented stratos.yaml to start from. Touches nothing that is there already.',
    examples: [
      ['stratos init', 'start a project in the working directory'],
      ['stratos init --dir /srv/fleet', 'start it somewhere else'],
    ],
    globals: ['dir'],
  }).action(async () => {
    context.exit(await run(globalOptionsOf(command), context));
  });
}

/** Prints which files were written. @throws ProjectFileError when there is a project already */
export async function runInit(globals: GlobalOptions, context: CommandContext): Promise<number> {
  const { directory } = await context.open(globals);
  const files = await context.use.initProject(directory);
  await printDone(context, globals, {
    kind: 'Project',
    body: { directory, files },
    text: () => `wrote ${files.join(', ')} in ${directory}\nnext: edit stratos.yaml, then stratos plan\n`,
  });
  return EXIT.done;
}
