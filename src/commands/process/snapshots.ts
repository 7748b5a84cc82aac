/** `stratos process snapshots PROCESS`: the snapshots of a process, oldest first. */
import type { Command } from 'commander';
import { EXIT } from '../../model/errors.ts';
import type { Snapshot } from '../../lxc/snapshots.ts';
import type { Column } from '../../report/table.ts';
import { table } from '../../report/table.ts';
import type { CommandContext } from '../context.ts';
import { describeCommand } from '../describe-command.ts';
import type { GlobalOptions } from '../global-options.ts';
import { globalOptionsOf } from '../global-options.ts';
import { printResult } from '../print-result.ts';

export interface SnapshotsOptions {
  readonly globals: GlobalOptions;
  readonly process: string;
}

/** Configures the command. */
export function snapshotsCommand(command: Command, context: CommandContext, run = runSnapshots): void {
  describeCommand(command, {
    description: 'Lists the snapshots of a process, oldest first.',
    examples: [
      ['stratos process snapshots shop-1', 'names, times and comments'],
      ['stratos process snapshots shop-1 -o json', 'as one JSON document'],
    ],
    globals: ['dir'],
  })
    .argument('<process>', 'name of the process')
    .action(async (process: string) => {
      context.exit(await run({ globals: globalOptionsOf(command), process }, context));
    });
}

const COLUMNS: readonly Column<Snapshot>[] = [
  { title: 'SNAPSHOT', value: (row) => row.name, colour: (text, _row, paint) => paint.bold(text) },
  { title: 'TAKEN', value: (row) => row.createdAt },
  { title: 'COMMENT', value: (row) => row.comment ?? '', shrinks: true },
];

/** Prints the snapshots. @throws NotFoundError */
export async function runSnapshots({ globals, process }: SnapshotsOptions, context: CommandContext): Promise<number> {
  const snapshots = await context.use.processSnapshots(await context.open(globals), process, context.signal);
  await printResult(context, globals, {
    kind: 'SnapshotList',
    body: { process, snapshots },
    text: (view) =>
      snapshots.length === 0 ? `no snapshots: stratos process snapshot ${process}\n` : table(COLUMNS, snapshots, view),
  });
  return EXIT.done;
}
