/** `stratos destroy`: ends every machine and process of this project's inventory, and nothing else. */
import { basename } from 'node:path';
import type { Command } from 'commander';
import { EXIT } from '../model/errors.ts';
import { cleanText } from '../report/clean-text.ts';
import { count } from '../report/count-text.ts';
import { fleetText } from '../report/fleet-text.ts';
import { confirm } from './confirm.ts';
import type { CommandContext } from './context.ts';
import { describeCommand } from './describe-command.ts';
import type { GlobalOptions } from './global-options.ts';
import { globalOptionsOf, limitsOf } from './global-options.ts';
import { printDone } from './print-result.ts';
import type { Purged } from './project-use-cases.ts';

export interface DestroyOptions {
  readonly globals: GlobalOptions;
  /** Also take away what is kept on this machine for the next time. */
  readonly purge: boolean;
}

/** Configures the command. */
export function destroyCommand(command: Command, context: CommandContext, run = runDestroy): void {
  describeCommand(command, {
    description:
      'Ends every VM and process of this inventory, volumes included; hosts of a static pool are cleared of all that is ours and stay. stratos.yaml is kept. Asks for the name of the project first.',
    examples: [
      ['stratos destroy', 'asks, then takes everything down'],
      ['stratos destroy --yes', 'without asking, for scripts'],
    ],
    globals: ['dir', 'yes', 'lockTimeout'],
  })
    .option('--purge', 'also remove bridges, base systems and build results from this machine')
    .action(async (options: { purge?: true }) => {
      context.exit(await run({ globals: globalOptionsOf(command), purge: options.purge ?? false }, context));
    });
}

/** Asks, destroys, and tells what could not be ended. @throws UsageError, LockHeldError */
export async function runDestroy({ globals, purge }: DestroyOptions, context: CommandContext): Promise<number> {
  const deps = await context.open(globals);
  const fleet = fleetText(await deps.inventory.read());
  await confirm(context, globals, {
    consequence: `This ends ${fleet} of ${deps.directory}, for good`,
    word: basename(deps.directory) || 'destroy',
    unasked: 'stratos destroy --yes',
  });
  const outcome = await context.use.destroy(deps, limitsOf(globals, context));
  const { vms, processes, failed } = outcome;
  const purged = purge && failed.length === 0 ? await context.use.purge(deps) : undefined;
  await printDone(context, globals, {
    kind: 'Destroyed',
    body: { ...outcome, ...(purged ? { purged } : {}) },
    text: ({ paint }) =>
      failed.map(({ vm, message }) => `${paint.red('✗')} ${cleanText(`${vm}: ${message}`)}\n`).join('') +
      `destroyed ${count(vms, 'VM')} and ${count(processes, 'process', 'processes')}` +
      `${failed.length === 0 ? '' : `; ${count(failed.length, 'VM')} left, run it again`}\n` +
      (purged ? purgedText(purged) : ''),
  });
  return failed.length > 0 ? EXIT.partial : EXIT.done;
}

function purgedText({ removed, kept }: Purged): string {
  const lines = [...removed.map((what) => `removed ${what}`), ...kept.map((what) => `kept ${what}`)];
  return lines.map((line) => `${cleanText(line)}\n`).join('');
}
