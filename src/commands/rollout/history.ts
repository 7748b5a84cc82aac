/** `stratos rollout history ALIAS`: what a subscription was, when, why and by whom. */
import type { Command } from 'commander';
import { EXIT } from '../../model/errors.ts';
import { historyTable } from '../../report/rollout-view.ts';
import type { CommandContext } from '../context.ts';
import { describeCommand } from '../describe-command.ts';
import type { GlobalOptions } from '../global-options.ts';
import { globalOptionsOf } from '../global-options.ts';
import { printResult } from '../print-result.ts';

export interface RolloutHistoryOptions {
  readonly globals: GlobalOptions;
  readonly alias: string;
}

/** Configures the command. */
export function historyCommand(command: Command, context: CommandContext, run = runHistory): void {
  describeCommand(command, {
    description:
      'Lists the revisions of a subscription, newest first: image, who began the rollout, when, what changed, and how it ended. Reads the inventory and connects to nothing.',
    examples: [
      ['stratos rollout history shop', 'the last ten revisions'],
      ['stratos rollout history shop -o json', 'with digests and fingerprints'],
    ],
    globals: ['dir'],
  })
    .argument('<alias>', 'name of the subscription')
    .action(async (alias: string) => {
      context.exit(await run({ globals: globalOptionsOf(command), alias }, context));
    });
}

/** Prints the history. @throws NotFoundError */
export async function runHistory({ globals, alias }: RolloutHistoryOptions, context: CommandContext): Promise<number> {
  const deps = await context.open(globals);
  const revisions = await context.use.rolloutHistory(deps, alias);
  await printResult(context, globals, {
    kind: 'RolloutHistory',
    body: { alias, revisions },
    text: (view) => historyTable(alias, revisions, view),
  });
  return EXIT.done;
}
