/** `stratos rollout ALIAS`: rolls out what the spec says, or writes something else into it and rolls that out. */
import type { Command } from 'commander';
import { EXIT, UsageError } from '../../model/errors.ts';
import type { Deps } from '../../reconcile/deps.ts';
import type { CommandContext } from '../context.ts';
import { describeCommand } from '../describe-command.ts';
import type { GlobalOptions } from '../global-options.ts';
import { globalOptionsOf, limitsOf } from '../global-options.ts';
import { present } from '../present.ts';
import { printPlan } from '../plan.ts';
import type { MakingSettings } from '../project-use-cases.ts';
import { runRollout } from './print-rollout.ts';

export interface RolloutStartOptions {
  readonly globals: GlobalOptions;
  readonly alias: string;
  readonly cartridge?: string;
  readonly image?: string;
  readonly message?: string;
  readonly wait: boolean;
  readonly dryRun: boolean;
}

/** Configures the command. */
export function startCommand(command: Command, context: CommandContext, run = runStart): void {
  describeCommand(command, {
    description:
      'Rolls out what a subscription shall be made of now: another cartridge, another image, a tag that moved, a changed environment. With --cartridge or --image it is written into stratos.yaml first. What is pinned by a rollback is let go, and what failed is tried again. How it goes is the rollout policy’s.',
    examples: [
      ['stratos rollout shop', 'what stratos.yaml says now'],
      ['stratos rollout shop --image php:8.3 --message "PHP 8.3"', 'another image, for this subscription alone'],
      ['stratos rollout shop --cartridge php-next --wait', 'another cartridge, and wait until it is done'],
      ['stratos rollout shop --image php:8.3 --dry-run', 'only show what would be done'],
      ['stratos rollout start status', 'an alias that is called like a command'],
    ],
    globals: ['dir', 'lockTimeout', 'quiet', 'events'],
  })
    .argument('<alias>', 'name of the subscription')
    .option('-c, --cartridge <name>', 'cartridge of the spec that it runs from now on')
    .option('--image <image>', 'image that it runs instead of its cartridge’s')
    .option('-m, --message <text>', 'why, for the history')
    .option('-w, --wait', 'reconcile until the rollout is over, or waits for somebody')
    .option('--dry-run', 'only show what would be done')
    .action(async (alias: string, options: Partial<Omit<RolloutStartOptions, 'globals' | 'alias'>>) => {
      const { cartridge, image, message, wait, dryRun } = options;
      const globals = globalOptionsOf(command);
      const given = present({ cartridge, image, message });
      context.exit(await run({ globals, alias, ...given, wait: wait ?? false, dryRun: dryRun ?? false }, context));
    });
}

/** Edits the spec where something else is asked for, and begins. @throws NotFoundError, UsageError, InvalidSpecError */
export async function runStart(options: RolloutStartOptions, context: CommandContext): Promise<number> {
  const { globals, alias, cartridge, image, message, wait, dryRun } = options;
  if (cartridge !== undefined && image !== undefined)
    throw new UsageError('Cannot roll out a cartridge and an image at once: a cartridge has its own', {
      hint: `stratos rollout ${alias} --cartridge ${cartridge}`,
    });
  const deps = await context.open(globals);
  const making: MakingSettings = {
    revision: null,
    ...(cartridge === undefined ? {} : { cartridge, image: null }),
    ...(image === undefined ? {} : { image }),
  };
  return beginRollout(context, globals, deps, { alias, making, wait, dryRun, ...present({ message }) });
}

export interface Begin {
  readonly alias: string;
  readonly making: MakingSettings;
  readonly message?: string;
  readonly wait: boolean;
  readonly dryRun: boolean;
}

/** Writes what a subscription is made of into the spec and reconciles it; or only shows what that would do. */
export async function beginRollout(
  context: CommandContext,
  globals: GlobalOptions,
  deps: Deps,
  { alias, making, message, wait, dryRun }: Begin,
): Promise<number> {
  const edited = await context.use.setMaking(deps, alias, making, { dryRun });
  if (dryRun) {
    const { spec } = edited;
    const limits = limitsOf(globals, context, { only: [alias] });
    const run = await context.use.planRun({ ...deps, loadSpec: () => Promise.resolve(spec) }, limits);
    await printPlan(context, globals, run);
    return EXIT.done;
  }
  // What is asked for once more although it failed is tried again.
  if (!edited.changed && (await context.use.rolloutStopped(deps, alias)))
    await context.use.rolloutMark(deps, alias, 'retry', limitsOf(globals, context));
  const file = edited.changed ? { file: edited.file } : {};
  return runRollout(context, globals, deps, { alias, wait, ...present({ message }), ...file });
}
