/** `stratos process snapshots PROCESS`: the snapshots of a process, oldest first, and the end of one of them. */
import type { Command } from 'commander';
import { EXIT } from '../../model/errors.ts';
import type { Snapshot } from '../../lxc/snapshots.ts';
import type { Column } from '../../report/table.ts';
import { table } from '../../report/table.ts';
import { shortDigest } from '../../report/action-text.ts';
import type { CommandContext } from '../context.ts';
import { describeCommand } from '../describe-command.ts';
import type { GlobalOptions } from '../global-options.ts';
import { globalOptionsOf, ownOptions } from '../global-options.ts';
import { printDone, printResult } from '../print-result.ts';

export interface SnapshotsOptions {
  readonly globals: GlobalOptions;
  readonly process: string;
  /** Name of a snapshot to delete instead. */
  readonly remove?: string;
}

/** Configures the command. */
export function snapshotsCommand(command: Command, context: CommandContext, run = runSnapshots): void {
  describeCommand(command, {
    description:
      'Lists the snapshots of a process, oldest first, or deletes one of them. With them are those of processes of its subscription that were on the same VM and went, as shop-1/snap0: they can be restored where the image is the same.',
    examples: [
      ['stratos process snapshots shop-1', 'names, times and comments'],
      ['stratos process snapshots shop-1 -o json', 'as one JSON document'],
      ['stratos process snapshots shop-1 --remove snap0', 'delete one for good'],
    ],
    globals: ['dir'],
  })
    .argument('<process>', 'name of the process')
    .option('--remove <snapshot>', 'delete this snapshot')
    .action(async (process: string, options: { remove?: string }) => {
      context.exit(await run({ globals: globalOptionsOf(command), process, ...ownOptions(options) }, context));
    });
}

const COLUMNS: readonly Column<Snapshot>[] = [
  { title: 'SNAPSHOT', value: (row) => row.name, colour: (text, _row, paint) => paint.bold(text) },
  { title: 'TAKEN', value: (row) => row.createdAt },
  { title: 'COMMENT', value: commentOf, shrinks: true },
];

function commentOf({ comment = '', image }: Snapshot): string {
  return image === undefined ? comment : `${comment === '' ? '' : `${comment} `}(of image ${shortDigest(image)})`;
}

/** Prints the snapshots, or what was deleted. @throws NotFoundError, RemoteCommandError */
export async function runSnapshots(options: SnapshotsOptions, context: CommandContext): Promise<number> {
  const { globals, process, remove } = options;
  const deps = await context.open(globals);
  if (remove !== undefined) {
    await context.use.processSnapshotRemove(deps, process, remove, context.signal);
    await printDone(context, globals, {
      kind: 'SnapshotRemoved',
      body: { process, snapshot: remove },
      text: () => `removed ${remove} of ${process}\n`,
    });
    return EXIT.done;
  }
  const snapshots = await context.use.processSnapshots(deps, process, context.signal);
  await printResult(context, globals, {
    kind: 'SnapshotList',
    body: { process, snapshots },
    text: (view) =>
      snapshots.length === 0 ? `no snapshots: stratos process snapshot ${process}\n` : table(COLUMNS, snapshots, view),
  });
  return EXIT.done;
}
