/** `stratos vm uncordon VM`: lets a VM take processes again. */
import type { Command } from 'commander';
import { EXIT } from '../../model/errors.ts';
import type { CommandContext } from '../context.ts';
import { describeCommand } from '../describe-command.ts';
import type { GlobalOptions } from '../global-options.ts';
import { globalOptionsOf, limitsOf } from '../global-options.ts';
import { printDone } from '../print-result.ts';

export interface UncordonOptions {
  readonly globals: GlobalOptions;
  readonly vm: string;
}

/** Configures the command. */
export function uncordonCommand(command: Command, context: CommandContext, run = runUncordon): void {
  describeCommand(command, {
    description: 'Lets a VM take processes again after a cordon or a drain.',
    examples: [
      ['stratos vm uncordon web-1', 'web-1 takes processes again'],
      ['stratos vm ls', 'which VMs are cordoned'],
    ],
    globals: ['dir', 'lockTimeout'],
  })
    .argument('<vm>', 'name of the VM')
    .action(async (vm: string) => {
      context.exit(await run({ globals: globalOptionsOf(command), vm }, context));
    });
}

/** Marks the VM. @throws NotFoundError, LockHeldError */
export async function runUncordon({ globals, vm }: UncordonOptions, context: CommandContext): Promise<number> {
  await context.use.vmUncordon(await context.open(globals), vm, limitsOf(globals, context));
  await printDone(context, globals, {
    kind: 'VmMarked',
    body: { vm, cordoned: false },
    text: () => `uncordoned ${vm}\n`,
  });
  return EXIT.done;
}
