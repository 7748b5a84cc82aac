/** `stratos apply PLAN`: carries out a saved plan, exactly that, or refuses. */
import type { Command } from 'commander';
import type { CommandContext } from './context.ts';
import { describeCommand } from './describe-command.ts';
import type { GlobalOptions } from './global-options.ts';
import { DEFAULT_PARALLEL, globalOptionsOf, limitsOf } from './global-options.ts';
import { parseWhole } from './parse-option.ts';
import { printOutcome } from './print-outcome.ts';

export interface ApplyOptions {
  readonly globals: GlobalOptions;
  readonly plan: string;
  readonly parallel: number;
}

/** Configures the command. */
export function applyCommand(command: Command, context: CommandContext, run = runApply): void {
  describeCommand(command, {
    description:
      'Carries out a plan that "stratos plan -o FILE" saved. Refused when the spec or the inventory changed since; each destructive step looks at its target again first.',
    examples: [
      ['stratos apply plan.yaml', 'carry out the plan'],
      ['stratos apply plan.json -o json --events json', 'for a CI job: one result, events as JSON lines'],
    ],
    globals: ['dir', 'lockTimeout', 'events'],
  })
    .argument('<plan>', 'file of the plan')
    .option('--parallel <n>', 'VMs worked on side by side', parseWhole(1, 4096), DEFAULT_PARALLEL)
    .action(async (plan: string, options: { parallel: number }) => {
      context.exit(await run({ globals: globalOptionsOf(command), plan, parallel: options.parallel }, context));
    });
}

/** Prints the outcome. @throws StalePlanError, LockHeldError, ProjectFileError */
export async function runApply(options: ApplyOptions, context: CommandContext): Promise<number> {
  const deps = await context.open(options.globals);
  const plan = await context.use.readPlan(options.plan);
  const outcome = await context.use.applyPlan(deps, plan, limitsOf(options.globals, context, options));
  return printOutcome(context, options.globals, deps, outcome);
}
