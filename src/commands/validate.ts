/** `stratos validate`: reads the spec with all that it includes, and says what is wrong with it, all of it. */
import type { Command } from 'commander';
import { EXIT } from '../model/errors.ts';
import { count } from '../report/count-text.ts';
import type { CommandContext } from './context.ts';
import { describeCommand } from './describe-command.ts';
import type { GlobalOptions } from './global-options.ts';
import { globalOptionsOf } from './global-options.ts';
import { printDone } from './print-result.ts';

/** Configures the command. */
export function validateCommand(command: Command, context: CommandContext, run = runValidate): void {
  describeCommand(command, {
    description:
      'Checks stratos.yaml and every file that it includes: keys, types, names, units, bounds and ports. Connects to nothing.',
    examples: [
      ['stratos validate', 'check the project of the working directory'],
      ['stratos validate -o json', 'problems with file, line and column for an editor or CI'],
    ],
    globals: ['dir'],
  }).action(async () => {
    context.exit(await run(globalOptionsOf(command), context));
  });
}

/** Prints what the valid spec has. @throws InvalidSpecError with every problem */
export async function runValidate(globals: GlobalOptions, context: CommandContext): Promise<number> {
  const deps = await context.open(globals);
  const { file, iaas, partitions, cartridges, subscriptions } = await deps.loadSpec();
  const [partitionCount, cartridgeCount, subscriptionCount] = [partitions, cartridges, subscriptions].map(
    (section) => Object.keys(section).length,
  ) as [number, number, number];
  await printDone(context, globals, {
    kind: 'Validation',
    body: {
      valid: true,
      file,
      iaas: Object.keys(iaas),
      partitions: Object.keys(partitions),
      cartridges: Object.keys(cartridges),
      subscriptions: Object.keys(subscriptions),
    },
    text: () =>
      `${file} is valid: ${count(partitionCount, 'partition')}, ${count(cartridgeCount, 'cartridge')}, ${count(subscriptionCount, 'subscription')}\n`,
  });
  return EXIT.done;
}
