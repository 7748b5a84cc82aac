/** `stratos reconcile`: observe, decide, plan, act, record. Safe to run every minute. */
import type { Command } from 'commander';
import { EXIT, UsageError } from '../model/errors.ts';
import type { Millis } from '../model/quantity.ts';
import type { RunOutcome } from '../reconcile/reconcile.ts';
import type { CommandContext } from './context.ts';
import { describeCommand } from './describe-command.ts';
import type { GlobalOptions } from './global-options.ts';
import { DEFAULT_PARALLEL, globalOptionsOf, limitsOf } from './global-options.ts';
import { collect, parseInterval, parseWhole } from './parse-option.ts';
import { runPlan } from './plan.ts';
import { printOutcome } from './print-outcome.ts';
import { printRound } from './print-result.ts';

export interface ReconcileOptions {
  readonly globals: GlobalOptions;
  readonly dryRun: boolean;
  /** Aliases and partitions; empty for all. */
  readonly only: readonly string[];
  readonly parallel: number;
  /** Time from the start of one round to the start of the next; undefined for one run. */
  readonly watch?: Millis;
}

/** Configures the command. */
export function reconcileCommand(command: Command, context: CommandContext, run = runReconcile): void {
  describeCommand(command, {
    description:
      'Looks at the fleet and makes it what stratos.yaml says: VMs, images, processes, gateways. Repairs what drifted, leaves alone what is not ours, and does nothing when there is nothing to do. Safe to run every minute.',
    examples: [
      ['stratos reconcile', 'make it so'],
      ['stratos reconcile --dry-run', 'only show what would be done'],
      ['stratos reconcile --only shop --only web', 'one subscription and one partition'],
      ['stratos reconcile --watch 30s', 'again every 30 seconds, connections kept open'],
    ],
    globals: ['dir', 'lockTimeout', 'quiet', 'events'],
  })
    .option('--dry-run', 'only show what would be done; the same as stratos plan')
    .option('--only <name>', 'only this alias or partition; may be repeated', collect)
    .option('--watch <interval>', 'reconcile again and again until interrupted', parseInterval)
    .option('--parallel <n>', 'VMs worked on side by side', parseWhole(1, 4096), DEFAULT_PARALLEL)
    .action(async (options: { dryRun?: true; only?: string[]; watch?: Millis; parallel: number }) => {
      context.exit(
        await run(
          {
            globals: globalOptionsOf(command),
            dryRun: options.dryRun ?? false,
            only: options.only ?? [],
            parallel: options.parallel,
            ...(options.watch === undefined ? {} : { watch: options.watch }),
          },
          context,
        ),
      );
    });
}

/** Runs once, shows what would be done, or goes on until the signal aborts. */
export async function runReconcile(options: ReconcileOptions, context: CommandContext): Promise<number> {
  const { globals, dryRun, watch } = options;
  if (dryRun && watch !== undefined)
    throw new UsageError('Cannot watch a dry run as nothing would change from round to round: --dry-run --watch', {
      hint: 'stratos plan',
    });
  if (dryRun) return runPlan({ ...options, detailedExitcode: false }, context);
  if (watch !== undefined) return runWatch({ ...options, watch }, context);
  const deps = await context.open(globals);
  const outcome = await context.use.reconcile(deps, limitsOf(globals, context, options));
  return printOutcome(context, globals, deps, outcome);
}

/** One result for each round that found something to do or to tell; the code is that of the interruption that ends it. */
async function runWatch(
  options: ReconcileOptions & { readonly watch: Millis },
  context: CommandContext,
): Promise<number> {
  const { globals, watch } = options;
  const deps = await context.open(globals);
  let printed = Promise.resolve<unknown>(undefined);
  let isFirst = true;
  const onRound = (outcome: RunOutcome): void => {
    const isQuiet =
      outcome.done === 0 &&
      outcome.failed.length === 0 &&
      outcome.unreachable.length === 0 &&
      outcome.alarms.length === 0;
    if (isQuiet && !isFirst && globals.output === 'table') return;
    isFirst = false;
    printed = printed.then(() => printOutcome(context, globals, deps, outcome, printRound));
  };
  await context.use.watch(deps, limitsOf(globals, context, options), watch, onRound);
  await printed;
  return context.signal.aborted ? EXIT.interrupted : EXIT.done;
}
