/** `stratos rollout status ALIAS`: how far a rollout is, and why it does not go on. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { EXIT } from '../../model/errors.ts';
import { isOpen } from '../../model/revision.ts';
import { rolloutView } from '../../report/rollout-view.ts';
import type { CommandContext } from '../context.ts';
import { describeCommand } from '../describe-command.ts';
import type { GlobalOptions } from '../global-options.ts';
import { globalOptionsOf, limitsOf } from '../global-options.ts';
import { printResult, printRound } from '../print-result.ts';

export interface RolloutStatusOptions {
  readonly globals: GlobalOptions;
  readonly alias: string;
  readonly watch: boolean;
}

/** Configures the command. */
export function statusCommand(command: Command, context: CommandContext, run = runRolloutStatus): void {
  describeCommand(command, {
    description:
      'Shows the rollout of a subscription: its revision, how many processes are of it, and why it waits. Looks at the VMs and changes nothing: a reconcile goes on with it.',
    examples: [
      ['stratos rollout status shop', 'how far it is'],
      ['stratos rollout status shop --watch', 'again whenever something is other, until it is over'],
      ['stratos rollout status shop -o json', 'the same for a program'],
    ],
    globals: ['dir'],
  })
    .argument('<alias>', 'name of the subscription')
    .option('-w, --watch', 'go on until it is over')
    .action(async (alias: string, options: { watch?: true }) => {
      context.exit(await run({ globals: globalOptionsOf(command), alias, watch: options.watch ?? false }, context));
    });
}

/** Time from one look to the next. */
const EVERY = 2_000;

/** Prints the status; failed when the rollout failed. @throws NotFoundError */
export async function runRolloutStatus(options: RolloutStatusOptions, context: CommandContext): Promise<number> {
  const { globals, alias, watch } = options;
  const deps = await context.open(globals);
  let told = '';
  for (;;) {
    const status = await context.use.rolloutStatus(deps, alias, limitsOf(globals, context));
    const result = {
      kind: 'Rollout',
      body: status,
      text: (view: { readonly paint: Parameters<typeof rolloutView>[1] }) => rolloutView(status, view.paint),
    };
    const now = JSON.stringify(status);
    if (!watch) await printResult(context, globals, result);
    else if (now !== told) await printRound(context, globals, result);
    told = now;
    if (!watch || !isOpen(status)) return status.state === 'failed' ? EXIT.failed : EXIT.done;
    await sleep(EVERY, undefined, { signal: context.signal }).catch(() => undefined);
    if (context.signal.aborted) return EXIT.interrupted;
  }
}
