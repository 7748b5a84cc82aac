/** `stratos explain NAME`: why a subscription or a partition is as it is, from what was measured to what the plan does. */
import type { Command } from 'commander';
import { EXIT } from '../model/errors.ts';
import { explainView } from '../report/explain-view.ts';
import type { CommandContext } from './context.ts';
import { describeCommand } from './describe-command.ts';
import type { GlobalOptions } from './global-options.ts';
import { DEFAULT_PARALLEL, globalOptionsOf, limitsOf } from './global-options.ts';
import { printResult } from './print-result.ts';

export interface ExplainOptions {
  readonly globals: GlobalOptions;
  /** An alias or a partition. */
  readonly name: string;
}

/** Configures the command. */
export function explainCommand(command: Command, context: CommandContext, run = runExplain): void {
  describeCommand(command, {
    description:
      'Explains a subscription or a partition: what was measured, the formula with its numbers, the bounds, the decision, where each process or VM goes, and what holds it back. Looks at every VM and changes nothing.',
    examples: [
      ['stratos explain shop', 'why shop has the processes it has'],
      ['stratos explain web', 'why partition web has its VMs, and which may go'],
      ['stratos explain shop -o json', 'the same for a program'],
    ],
    globals: ['dir'],
  })
    .argument('<name>', 'an alias or a partition')
    .action(async (name: string) => {
      context.exit(await run({ globals: globalOptionsOf(command), name }, context));
    });
}

/** Prints the explanation. @throws NotFoundError */
export async function runExplain({ globals, name }: ExplainOptions, context: CommandContext): Promise<number> {
  const deps = await context.open(globals);
  const limits = limitsOf(globals, context, { only: [], parallel: DEFAULT_PARALLEL });
  const explanation = await context.use.explain(deps, name, limits);
  await printResult(context, globals, {
    kind: 'Explanation',
    body: explanation,
    text: ({ paint }) => explainView(explanation, paint),
  });
  return EXIT.done;
}
