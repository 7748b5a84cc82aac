/** `stratos rollback ALIAS`: back to an earlier revision, for good. */
import type { Command } from 'commander';
import type { CommandContext } from './context.ts';
import { describeCommand } from './describe-command.ts';
import type { GlobalOptions } from './global-options.ts';
import { globalOptionsOf } from './global-options.ts';
import { parseWhole } from './parse-option.ts';
import { present } from './present.ts';
import { beginRollout } from './rollout/start.ts';

export interface RollbackOptions {
  readonly globals: GlobalOptions;
  readonly alias: string;
  readonly to?: number;
  readonly message?: string;
  readonly wait: boolean;
  readonly dryRun: boolean;
}

/** Configures the command. */
export function rollbackCommand(command: Command, context: CommandContext, run = runRollback): void {
  describeCommand(command, {
    description:
      'Brings an earlier revision of a subscription back: image, environment and command as they were; limits are what the cartridge says now. Without --to the last one that succeeded. It is pinned in stratos.yaml (revision: N), so that no reconcile undoes it; stratos rollout lets it go. Only a revision whose image is here with all layers, or can be pulled from where it came, is gone back to. Volumes stay as they are; a secret has the value that it has now.',
    examples: [
      ['stratos rollback shop', 'to the last revision that succeeded before'],
      ['stratos rollback shop --to 4 --message "8.3 leaks" --wait', 'to revision 4, and wait until it is there'],
    ],
    globals: ['dir', 'lockTimeout', 'quiet', 'events'],
  })
    .argument('<alias>', 'name of the subscription')
    .option('--to <revision>', 'number of the revision: see stratos rollout history', parseWhole(1))
    .option('-m, --message <text>', 'why, for the history')
    .option('-w, --wait', 'reconcile until the rollout is over, or waits for somebody')
    .option('--dry-run', 'only show what would be done')
    .action(async (alias: string, options: { to?: number; message?: string; wait?: true; dryRun?: true }) => {
      const { to, message, wait = false, dryRun = false } = options;
      const globals = globalOptionsOf(command);
      context.exit(await run({ globals, alias, ...present({ to, message }), wait, dryRun }, context));
    });
}

/** Pins the revision in the spec and begins. @throws NotFoundError, RolloutError */
export async function runRollback(options: RollbackOptions, context: CommandContext): Promise<number> {
  const { globals, alias, to, message, wait, dryRun } = options;
  const deps = await context.open(globals);
  const { number: revision } = await context.use.rollbackTarget(deps, alias, { to, dryRun, signal: context.signal });
  return beginRollout(context, globals, deps, { alias, making: { revision }, wait, dryRun, ...present({ message }) });
}
