/** `stratos inventory unlock ID`: breaks a lock whose holder is gone. */
import type { Command } from 'commander';
import { EXIT } from '../../model/errors.ts';
import type { CommandContext } from '../context.ts';
import { describeCommand } from '../describe-command.ts';
import type { GlobalOptions } from '../global-options.ts';
import { globalOptionsOf } from '../global-options.ts';
import { printDone } from '../print-result.ts';

export interface UnlockOptions {
  readonly globals: GlobalOptions;
  readonly id: string;
}

/** Configures the command. */
export function unlockCommand(command: Command, context: CommandContext, run = runUnlock): void {
  describeCommand(command, {
    description:
      'Breaks a lock by its id. Only for a holder that is gone for good: on this machine, a dead one is found out and taken over by itself.',
    examples: [
      ['stratos inventory ls', 'who holds the lock, and its id'],
      ['stratos inventory unlock 7f3a91c2', 'break it'],
    ],
    globals: ['dir'],
  })
    .argument('<id>', 'id of the lock, as the error and inventory ls show it')
    .action(async (id: string) => {
      context.exit(await run({ globals: globalOptionsOf(command), id }, context));
    });
}

/** Prints whose lock it was. @throws NotFoundError when no lock has this id */
export async function runUnlock({ globals, id }: UnlockOptions, context: CommandContext): Promise<number> {
  const { inventory } = await context.open(globals);
  const holder = await inventory.unlock(id);
  await printDone(context, globals, {
    kind: 'Unlocked',
    body: { lock: holder },
    text: () =>
      `unlocked; it was held by ${holder.who}@${holder.host} (pid ${String(holder.pid)}) for "${holder.operation}" since ${holder.since}\n`,
  });
  return EXIT.done;
}
