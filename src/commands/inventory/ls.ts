/** `stratos inventory ls`: what the inventory holds, and who holds it. */
import type { Command } from 'commander';
import { EXIT } from '../../model/errors.ts';
import { facts } from '../../report/facts.ts';
import { fleetText } from '../../report/fleet-text.ts';
import type { CommandContext } from '../context.ts';
import { describeCommand } from '../describe-command.ts';
import type { GlobalOptions } from '../global-options.ts';
import { globalOptionsOf } from '../global-options.ts';
import { printResult } from '../print-result.ts';

/** Configures the command. */
export function lsCommand(command: Command, context: CommandContext, run = runLs): void {
  describeCommand(command, {
    description:
      'Shows where the inventory is, its serial and lineage, how much it holds, and who holds its lock. As a document: every record.',
    examples: [
      ['stratos inventory ls', 'a summary, and the lock'],
      ['stratos inventory ls -o json', 'all records'],
    ],
    globals: ['dir'],
  }).action(async () => {
    context.exit(await run(globalOptionsOf(command), context));
  });
}

/** Prints the inventory. @throws ProjectFileError */
export async function runLs(globals: GlobalOptions, context: CommandContext): Promise<number> {
  const { inventory: store } = await context.open(globals);
  const [inventory, holder] = await Promise.all([store.read(), store.holder()]);
  await printResult(context, globals, {
    kind: 'Inventory',
    body: { location: store.location, ...inventory, ...(holder ? { lock: holder } : {}) },
    text: ({ paint }) =>
      facts(
        [
          ['inventory', store.location],
          ['serial', String(inventory.serial)],
          ['lineage', inventory.lineage],
          ['holds', fleetText(inventory)],
          [
            'lock',
            holder
              ? `${holder.who}@${holder.host} (pid ${String(holder.pid)}) for "${holder.operation}" since ${holder.since}`
              : 'free',
          ],
          ['unlock', holder ? `stratos inventory unlock ${holder.id}` : undefined],
        ],
        paint,
      ),
  });
  return EXIT.done;
}
