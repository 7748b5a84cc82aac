/** `stratos store rm NAME`: takes a store out of the spec; its images stay where they are. */
import type { Command } from 'commander';
import { EXIT } from '../../model/errors.ts';
import type { CommandContext } from '../context.ts';
import { describeCommand } from '../describe-command.ts';
import type { GlobalOptions } from '../global-options.ts';
import { globalOptionsOf } from '../global-options.ts';
import { printDone } from '../print-result.ts';

export interface RmOptions {
  readonly globals: GlobalOptions;
  readonly name: string;
}

/** Configures the command. */
export function rmCommand(command: Command, context: CommandContext, run = runRm): void {
  describeCommand(command, {
    description:
      'Takes a store out of stratos.yaml. Its images stay where they are; while a cartridge needs one by this name, or it is the default, it is refused.',
    examples: [
      ['stratos store rm hub', 'take it out'],
      ['stratos store rm hub -o json', 'say which file it stood in'],
    ],
    globals: ['dir'],
  })
    .argument('<store>', 'name of the store')
    .action(async (name: string) => {
      context.exit(await run({ globals: globalOptionsOf(command), name }, context));
    });
}

/** Edits the spec. @throws NotFoundError, InvalidSpecError when something needs it; then nothing is written */
export async function runRm({ globals, name }: RmOptions, context: CommandContext): Promise<number> {
  const { file, changed } = await context.use.removeStore(await context.open(globals), name);
  await printDone(context, globals, {
    kind: 'Store',
    body: { store: name, action: 'removed', file, changed },
    text: () => `removed ${name}; its images stay where they are\n`,
  });
  return EXIT.done;
}
