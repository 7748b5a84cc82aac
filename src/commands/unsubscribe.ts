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
  readonly force?: boolean;
  readonly reconcile: boolean;
}

/** Configures the command. */
export function unsubscribeCommand(command: Command, context: CommandContext, run = runUnsubscribe): void {
  describeCommand(command, {
    description:
      'Takes a subscription out of stratos.yaml. The next reconcile drains and removes its processes; its volumes stay on their VMs. One that others need is refused; with --force they no longer need it.',
    examples: [
      ['stratos unsubscribe shop', 'processes go with the next reconcile'],
      ['stratos unsubscribe shop --reconcile', 'processes go now'],
    ],
    globals: ['dir'],
  })
    .argument('<alias>', 'name of the subscription')
    .option('--force', 'also when others need it: it is taken out of their needs')
    .option('--reconcile', 'remove its processes now')
    .action(async (alias: string, { force, reconcile }: { force?: true; reconcile?: true }) => {
      const forced = force ? { force } : {};
      context.exit(
        await run({ globals: globalOptionsOf(command), alias, ...forced, reconcile: reconcile ?? false }, context),
      );
    });
}

/** Edits the spec. @throws NotFoundError; UsageError when something needs it */
export async function runUnsubscribe(options: UnsubscribeOptions, context: CommandContext): Promise<number> {
  const { globals, alias, force = false, reconcile } = options;
  const deps = await context.open(globals);
  const edited = await context.use.unsubscribe(deps, alias, { force });
  const done = `unsubscribed ${alias}`;
  return printEdit(context, globals, deps, { ...edited, done, alias, action: 'unsubscribed', reconcile });
}
