/** `stratos store ls`: where images live. */
import type { Command } from 'commander';
import { EXIT } from '../../model/errors.ts';
import type { Column } from '../../report/table.ts';
import { table } from '../../report/table.ts';
import type { CommandContext } from '../context.ts';
import { describeCommand } from '../describe-command.ts';
import type { GlobalOptions } from '../global-options.ts';
import { globalOptionsOf } from '../global-options.ts';
import { printResult } from '../print-result.ts';
import type { StoreInfo } from '../registry-use-cases.ts';

/** Configures the command. */
export function lsCommand(command: Command, context: CommandContext, run = runLs): void {
  describeCommand(command, {
    description:
      'Lists the stores of the spec, and the directory of this machine that images are kept in. Names without a store mean the default one where this machine has no such image.',
    examples: [
      ['stratos store ls', 'all stores'],
      ['stratos store ls -o json', 'the same as a document'],
    ],
    globals: ['dir'],
  }).action(async () => {
    context.exit(await run(globalOptionsOf(command), context));
  });
}

const COLUMNS: readonly Column<StoreInfo>[] = [
  {
    title: 'NAME',
    value: (row) => (row.name === '' ? '(this machine)' : row.name),
    colour: (text, _row, paint) => paint.bold(text),
  },
  { title: 'KIND', value: (row) => row.kind },
  { title: 'PLACE', value: (row) => row.place },
  { title: 'DEFAULT', value: (row) => (row.isDefault ? 'yes' : '') },
];

/** Prints the stores. @throws InvalidSpecError */
export async function runLs(globals: GlobalOptions, context: CommandContext): Promise<number> {
  const stores = await context.use.listStores(await context.open(globals));
  await printResult(context, globals, {
    kind: 'StoreList',
    body: { stores: stores.map(({ isDefault, ...store }) => ({ ...store, default: isDefault })) },
    text: (view) => table(COLUMNS, stores, view),
  });
  return EXIT.done;
}
