/** `stratos unsubscribe ALIAS`: takes a subscription out of the spec. */
import type { Command } from 'commander';
import type { CommandContext } from './context.ts';
import { describeCommand } from './describe-command.ts';
import type { GlobalOptions } from './global-options.ts';
import { globalOptionsOf } from './global-options.ts';
import { printEdit } from './print-edit.ts';

export interface UnsubscribeOptions {
  readonly globals: GlobalOptions;
  readonly alias: string;
  readonly reconcile: boolean;
}

/** Configures the command. */
export function unsubscribeCommand(command: Command, context: CommandContext, run = runUnsubscribe): void {
  describeCommand(command, {
    description:
      'Takes a subscription out of stratos.yaml. The next reconcile drains and removes its processes; its volumes stay on their VMs.',
    examples: [
      ['stratos unsubscribe shop', 'processes go with the next reconcile'],
      ['stratos unsubscribe shop --reconcile', 'processes go now'],
    ],
    globals: ['dir'],
  })
    .argument('<alias>', 'name of the subscription')
    .option('--reconcile', 'remove its processes now')
    .action(async (alias: string, options: { reconcile?: true }) => {
      context.exit(
        await run({ globals: globalOptionsOf(command), alias, reconcile: options.reconcile ?? false }, context),
      );
    });
}

/** Edits the spec. @throws NotFoundError */
export async function runUnsubscribe(options: UnsubscribeOptions, context: CommandContext): Promise<number> {
  const { globals, alias, reconcile } = options;
  const deps = await context.open(globals);
  const edited = await context.use.unsubscribe(deps, alias);
  const done = `unsubscribed ${alias}`;
  return printEdit(context, globals, deps, { ...edited, done, alias, action: 'unsubscribed', reconcile });
}
