/** `stratos rollout pause|resume|promote|abort ALIAS`: one word to a rollout that is under way. */
import type { Command } from 'commander';
import { EXIT } from '../../model/errors.ts';
import { rolloutView } from '../../report/rollout-view.ts';
import type { CommandContext } from '../context.ts';
import { describeCommand } from '../describe-command.ts';
import type { GlobalOptions } from '../global-options.ts';
import { globalOptionsOf, limitsOf } from '../global-options.ts';
import { printDone } from '../print-result.ts';
import { runRollout } from './print-rollout.ts';

type Verb = 'pause' | 'resume' | 'promote' | 'abort';

export interface RolloutMarkOptions {
  readonly globals: GlobalOptions;
  readonly verb: Verb;
  readonly alias: string;
  readonly wait: boolean;
}

type Run = (options: RolloutMarkOptions, context: CommandContext) => Promise<number>;

/** Configures `pause`. */
export function pauseCommand(command: Command, context: CommandContext, run: Run = runMark): void {
  describe(command, context, run, 'pause', {
    description:
      'Holds a rollout where it is: nothing more is replaced, what runs goes on, and what is lost comes back as it was.',
    examples: [
      ['stratos rollout pause shop', 'nothing more is replaced'],
      ['stratos rollout pause shop -o json', 'the same, for a program'],
    ],
  });
}

/** Configures `resume`. */
export function resumeCommand(command: Command, context: CommandContext, run: Run = runMark): void {
  describe(command, context, run, 'resume', {
    description: 'Lets a paused rollout go on, and reconciles the subscription.',
    examples: [
      ['stratos rollout resume shop', 'on from where it was held'],
      ['stratos rollout resume shop --wait', 'and wait until it is done'],
    ],
  });
}

/** Configures `promote`. */
export function promoteCommand(command: Command, context: CommandContext, run: Run = runMark): void {
  describe(command, context, run, 'promote', {
    description:
      'Lets a canary go on to all processes, or lets the old set of a blue/green rollout go before its time, and reconciles the subscription.',
    examples: [
      ['stratos rollout promote shop', 'the canary is good'],
      ['stratos rollout promote shop --wait', 'and wait until all are replaced'],
    ],
  });
}

/** Configures `abort`. */
export function abortCommand(command: Command, context: CommandContext, run: Run = runMark): void {
  describe(command, context, run, 'abort', {
    description:
      'Ends a rollout and brings back the revision that succeeded before it. stratos.yaml is left as it is: the revision stays aborted until the spec says something else, or stratos rollout tries it again.',
    examples: [
      ['stratos rollout abort shop', 'back to what was there before'],
      ['stratos rollout abort shop --wait', 'and wait until it is there again'],
    ],
  });
}

function describe(
  command: Command,
  context: CommandContext,
  run: Run,
  verb: Verb,
  text: Pick<Parameters<typeof describeCommand>[1], 'description' | 'examples'>,
): void {
  const globals = ['dir', 'lockTimeout', ...(verb === 'pause' ? [] : ['quiet', 'events'])];
  describeCommand(command, { ...text, globals }).argument('<alias>', 'name of the subscription');
  if (verb !== 'pause') command.option('-w, --wait', 'reconcile until the rollout is over, or waits for somebody');
  command.action(async (alias: string, options: { wait?: true }) => {
    context.exit(await run({ globals: globalOptionsOf(command), verb, alias, wait: options.wait ?? false }, context));
  });
}

/** Marks the rollout and, unless it is held, goes on with it at once. @throws NotFoundError, RolloutError */
export async function runMark(options: RolloutMarkOptions, context: CommandContext): Promise<number> {
  const { globals, verb, alias, wait } = options;
  const deps = await context.open(globals);
  const status = await context.use.rolloutMark(deps, alias, verb, limitsOf(globals, context));
  if (verb !== 'pause') return runRollout(context, globals, deps, { alias, wait });
  await printDone(context, globals, { kind: 'Rollout', body: status, text: ({ paint }) => rolloutView(status, paint) });
  return EXIT.done;
}
