/** `stratos vm drain VM`: moves the processes of a VM to others and keeps new ones off. */
import type { Command } from 'commander';
import type { CommandContext } from '../context.ts';
import { describeCommand } from '../describe-command.ts';
import type { GlobalOptions } from '../global-options.ts';
import { globalOptionsOf, limitsOf } from '../global-options.ts';
import { printOutcome } from '../print-outcome.ts';

export interface DrainOptions {
  readonly globals: GlobalOptions;
  readonly vm: string;
}

/** Configures the command. */
export function drainCommand(command: Command, context: CommandContext, run = runDrain): void {
  describeCommand(command, {
    description:
      'Starts replacements on other VMs, lets the processes of this VM finish their requests, and removes them. The VM stays, without new processes, until "stratos vm uncordon".',
    examples: [
      ['stratos vm drain web-1', 'empty web-1'],
      ['stratos vm drain web-1 --lock-timeout 5m', 'wait for a reconcile that is under way'],
    ],
    globals: ['dir', 'lockTimeout'],
  })
    .argument('<vm>', 'name of the VM')
    .action(async (vm: string) => {
      context.exit(await run({ globals: globalOptionsOf(command), vm }, context));
    });
}

/** Prints the outcome of the reconcile that moves the processes. @throws NotFoundError, LockHeldError */
export async function runDrain({ globals, vm }: DrainOptions, context: CommandContext): Promise<number> {
  const deps = await context.open(globals);
  const outcome = await context.use.vmDrain(deps, vm, limitsOf(globals, context));
  return printOutcome(context, globals, deps, outcome);
}
