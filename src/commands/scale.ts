/** `stratos scale ALIAS`: sets how many processes a subscription has, at least and at most. */
import type { Command } from 'commander';
import { UsageError } from '../model/errors.ts';
import type { CommandContext } from './context.ts';
import { describeCommand } from './describe-command.ts';
import type { GlobalOptions } from './global-options.ts';
import { globalOptionsOf, ownOptions } from './global-options.ts';
import { parseWhole } from './parse-option.ts';
import { printEdit } from './print-edit.ts';

export interface ScaleOptions {
  readonly globals: GlobalOptions;
  readonly alias: string;
  readonly bounds: { readonly min?: number; readonly max?: number };
  readonly reconcile: boolean;
}

/** Configures the command. */
export function scaleCommand(command: Command, context: CommandContext, run = runScale): void {
  describeCommand(command, {
    description:
      'Sets the least and the most processes of a subscription in stratos.yaml. A bound that is not given stays.',
    examples: [
      ['stratos scale shop --min 4', 'at least 4 processes from the next reconcile on'],
      ['stratos scale shop --min 2 --max 8 --reconcile', '2 to 8 processes, now'],
    ],
    globals: ['dir'],
  })
    .argument('<alias>', 'name of the subscription')
    .option('--min <n>', 'least processes', parseWhole(0))
    .option('--max <n>', 'most processes', parseWhole(0))
    .option('--reconcile', 'start or remove processes now')
    .action(async (alias: string, options: { min?: number; max?: number; reconcile?: true }) => {
      const { reconcile, ...bounds } = ownOptions(options);
      context.exit(
        await run({ globals: globalOptionsOf(command), alias, bounds, reconcile: reconcile ?? false }, context),
      );
    });
}

/** Edits the spec. @throws NotFoundError, UsageError without a bound, InvalidSpecError for min > max */
export async function runScale(options: ScaleOptions, context: CommandContext): Promise<number> {
  const { globals, alias, bounds, reconcile } = options;
  if (bounds.min === undefined && bounds.max === undefined) {
    throw new UsageError(`Cannot scale ${alias} as neither --min nor --max is given`, {
      hint: `stratos scale ${alias} --min 2`,
    });
  }
  const deps = await context.open(globals);
  const edited = await context.use.scale(deps, alias, bounds);
  const parts = [
    ...(bounds.min === undefined ? [] : [`at least ${String(bounds.min)}`]),
    ...(bounds.max === undefined ? [] : [`at most ${String(bounds.max)}`]),
  ];
  const done = `scaled ${alias} to ${parts.join(' and ')}`;
  return printEdit(context, globals, deps, { ...edited, done, alias, action: 'scaled', reconcile });
}
