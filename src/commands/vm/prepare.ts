/** `stratos vm prepare VM …`: runs the preparation again. */
import type { Command } from 'commander';
import { EXIT } from '../../model/errors.ts';
import type { CommandContext } from '../context.ts';
import { describeCommand } from '../describe-command.ts';
import type { GlobalOptions } from '../global-options.ts';
import { globalOptionsOf, limitsOf } from '../global-options.ts';
import { printDone } from '../print-result.ts';

export interface PrepareOptions {
  readonly globals: GlobalOptions;
  readonly vms: readonly string[];
}

/** Configures the command. */
export function prepareCommand(command: Command, context: CommandContext, run = runPrepare): void {
  describeCommand(command, {
    description:
      'Installs and configures again what a VM needs: packages, users, bridge, firewall, units. Running processes go on. Reconcile does this by itself when it is needed.',
    examples: [
      ['stratos vm prepare web-1', 'one VM'],
      ['stratos vm prepare web-1 web-2', 'several, side by side'],
    ],
    globals: ['dir', 'lockTimeout'],
  })
    .argument('<vm...>', 'names of VMs')
    .action(async (vms: string[]) => {
      context.exit(await run({ globals: globalOptionsOf(command), vms }, context));
    });
}

/** Prepares. @throws NotFoundError, RemoteCommandError, UnreachableError */
export async function runPrepare({ globals, vms }: PrepareOptions, context: CommandContext): Promise<number> {
  await context.use.vmPrepare(await context.open(globals), vms, limitsOf(globals, context));
  await printDone(context, globals, {
    kind: 'VmsPrepared',
    body: { vms },
    text: () => `prepared ${vms.join(', ')}\n`,
  });
  return EXIT.done;
}
