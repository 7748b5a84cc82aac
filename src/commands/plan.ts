/** `stratos plan`: what reconcile would do and why, shown or saved. Takes no lock and changes nothing. */
import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { EXIT } from '../model/errors.ts';
import type { PlanRun } from '../reconcile/plan-run.ts';
import { fleetText } from '../report/fleet-text.ts';
import { imageNames } from '../report/image-names.ts';
import { idleText, planView, remarkLines } from '../report/plan-view.ts';
import type { CommandContext } from './context.ts';
import { describeCommand } from './describe-command.ts';
import type { GlobalOptions, OutputFormat } from './global-options.ts';
import { DEFAULT_PARALLEL, globalOptionsOf, limitsOf } from './global-options.ts';
import { collect, parseWhole } from './parse-option.ts';
import { printDone, printResult } from './print-result.ts';

export interface PlanOptions {
  readonly globals: GlobalOptions;
  readonly only: readonly string[];
  readonly parallel: number;
  /** Exit code 2 when there is something to do. */
  readonly detailedExitcode: boolean;
  /** Where to save the plan instead of printing it as a document. */
  readonly save?: string;
}

/** Configures the command. */
export function planCommand(command: Command, context: CommandContext, run = runPlan): void {
  describeCommand(command, {
    description:
      'Looks at every VM and shows what reconcile would do, with the reason for each change. Changes nothing. A saved plan is carried out by "stratos apply", as long as nothing has changed since.',
    examples: [
      ['stratos plan', 'what would be done'],
      ['stratos plan -o plan.yaml', 'save it, then: stratos apply plan.yaml'],
      ['stratos plan --detailed-exitcode --quiet', 'exit code 2 when not all is as specified'],
    ],
    globals: ['dir'],
    own: ['output'],
  })
    .option('-o, --output <format|file>', 'table, json or yaml, or a .yaml, .yml or .json file to save to', parseOutput)
    .option('--only <name>', 'only this alias or partition; may be repeated', collect)
    .option('--detailed-exitcode', 'exit code 2 when something is to do or cannot be had')
    .option('--parallel <n>', 'VMs asked side by side', parseWhole(1, 4096), DEFAULT_PARALLEL)
    .action(async (options: { only?: string[]; parallel: number; detailedExitcode?: true; output?: PlanOutput }) => {
      const inherited = globalOptionsOf(command);
      const output = options.output ?? { format: inherited.output };
      context.exit(
        await run(
          {
            globals: { ...inherited, output: output.format },
            only: options.only ?? [],
            parallel: options.parallel,
            detailedExitcode: options.detailedExitcode ?? false,
            ...(output.save === undefined ? {} : { save: output.save }),
          },
          context,
        ),
      );
    });
}

interface PlanOutput {
  readonly format: OutputFormat;
  readonly save?: string;
}

function parseOutput(text: string): PlanOutput {
  if (text === 'table' || text === 'json' || text === 'yaml') return { format: text };
  if (/\.(ya?ml|json)$/.test(text)) return { format: 'table', save: text };
  throw new InvalidArgumentError('It is table, json or yaml, or a file that ends in .yaml, .yml or .json.');
}

/** Prints or saves the plan. */
export async function runPlan(options: PlanOptions, context: CommandContext): Promise<number> {
  const { globals, save, detailedExitcode } = options;
  const deps = await context.open(globals);
  const run = await context.use.planRun(deps, limitsOf(globals, context, options));
  if (save !== undefined) await context.use.savePlan(save, run.plan);
  await printPlan(context, globals, run, save === undefined ? '' : `saved: stratos apply ${save}\n`);
  const isUnreached = Object.values(run.observation.vms).some((vm) => vm.status === 'unreachable');
  const isPending = run.plan.stages.length > 0 || run.plan.holds.some(({ unmet }) => unmet);
  if (detailedExitcode && isPending) return EXIT.changesPending;
  return isUnreached ? EXIT.partial : EXIT.done;
}

/** Prints a plan, and `after` it for people. */
export async function printPlan(
  context: CommandContext,
  globals: GlobalOptions,
  run: PlanRun,
  after = '',
): Promise<void> {
  const print = globals.output === 'table' && globals.quiet ? printDone : printResult;
  await print(context, globals, { kind: 'Plan', body: run.plan, text: (view) => planText(run, view) + after });
}

/** The plan, or that there is nothing to do; VMs that did not answer first. */
export function planText(run: PlanRun, view: Parameters<typeof planView>[1]): string {
  const settings = { ...view, images: imageNames(run) };
  const silent = Object.entries(run.observation.vms).flatMap(([vm, seen]) =>
    seen.status === 'unreachable' ? [`${view.paint.red('✗')} ${vm}: ${seen.message}\n`] : [],
  );
  const body =
    run.plan.stages.length > 0
      ? planView(run.plan, settings)
      : `${remarkLines(run.plan, settings.paint)}${idleText(run.plan, fleetText(run.inventory))}\n`;
  return silent.join('') + body;
}
