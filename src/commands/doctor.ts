/** `stratos doctor`: checks this machine, the project and each VM, and says how to mend what is wrong. */
import type { Command } from 'commander';
import { EXIT } from '../model/errors.ts';
import { doctorView } from '../report/doctor-view.ts';
import type { CommandContext } from './context.ts';
import { describeCommand } from './describe-command.ts';
import type { GlobalOptions } from './global-options.ts';
import { globalOptionsOf } from './global-options.ts';
import { printResult } from './print-result.ts';

/** Configures the command. */
export function doctorCommand(command: Command, context: CommandContext, run = runDoctor): void {
  describeCommand(command, {
    description:
      'Checks the tools of this machine, the spec, the inventory, the images, each IaaS and each VM. Changes nothing. Exit code 1 when a check failed.',
    examples: [
      ['stratos doctor', 'what is wrong, and how to mend it'],
      ['stratos doctor -o json', 'every check as one JSON document'],
    ],
    globals: ['dir', 'quiet'],
  }).action(async () => {
    context.exit(await run(globalOptionsOf(command), context));
  });
}

/** Prints the checks; with `--quiet` only those that are not fine. */
export async function runDoctor(globals: GlobalOptions, context: CommandContext): Promise<number> {
  const deps = await context.open(globals);
  const checks = await context.use.doctor(deps, context.signal);
  const failed = checks.filter((check) => check.level === 'fail').length;
  const warned = checks.filter((check) => check.level === 'warn').length;
  await printResult(context, globals, {
    kind: 'Doctor',
    body: { ok: failed === 0, checks },
    text: ({ paint }) => doctorView(checks, { paint, failed, warned, onlyProblems: globals.quiet }),
  });
  return failed > 0 ? EXIT.failed : EXIT.done;
}
