/** `stratos vm cordon VM`: keeps new processes off a VM. */
import type { Command } from 'commander';
import { EXIT } from '../../model/errors.ts';
import type { CommandContext } from '../context.ts';
import { describeCommand } from '../describe-command.ts';
import type { GlobalOptions } from '../global-options.ts';
import { globalOptionsOf, limitsOf } from '../global-options.ts';
import { printDone } from '../print-result.ts';

export interface CordonOptions {
  readonly globals: GlobalOptions;
  readonly vm: string;
}

/** Configures the command. */
export function cordonCommand(command: Command, context: CommandContext, run = runCordon): void {
  describeCommand(command, {
    description: 'Keeps new processes off a VM from now on; those on it stay. Undone by "stratos vm uncordon".',
    examples: [
      ['stratos vm cordon web-1', 'no new processes on web-1'],
      ['stratos vm drain web-1', 'move its processes away too'],
    ],
    globals: ['dir', 'lockTimeout'],
  })
    .argument('<vm>', 'name of the VM')
    .action(async (vm: string) => {
      context.exit(await run({ globals: globalOptionsOf(command), vm }, context));
    });
}

/** Marks the VM. @throws NotFoundError, LockHeldError */
export async function runCordon({ globals, vm }: CordonOptions, context: CommandContext): Promise<number> {
  await context.use.vmCordon(await context.open(globals), vm, limitsOf(globals, context));
  await printDone(context, globals, {
    kind: 'VmMarked',
    body: { vm, cordoned: true },
    text: () => `cordoned ${vm}\n`,
  });
  return EXIT.done;
}
