/** `stratos cartridge prune`: cleans the store of this machine, and what builds left. */
import type { Command } from 'commander';
import { EXIT } from '../../model/errors.ts';
import { formatBytes, millis, type Millis } from '../../model/quantity.ts';
import type { CommandContext } from '../context.ts';
import { describeCommand } from '../describe-command.ts';
import type { GlobalOptions } from '../global-options.ts';
import { globalOptionsOf } from '../global-options.ts';
import { durationOption, parseDurationOption, parseWhole } from '../parse-option.ts';
import { printDone } from '../print-result.ts';
import type { PrunedStore, PruneSettings } from '../cartridge-use-cases.ts';

export interface PruneOptions {
  readonly globals: GlobalOptions;
  readonly settings: Omit<PruneSettings, 'signal'>;
}

/** After a week without a build that needs it. */
const UNUSED = millis(7 * 24 * 3_600_000);

/** Configures the command. */
export function pruneCommand(command: Command, context: CommandContext, run = runPrune): void {
  describeCommand(command, {
    description:
      'Removes images from the store that neither the spec nor a process, awake or asleep, needs, and that are not among the newest of their name; and of builds what no later one has used for a time. A build that is at work loses nothing. stratos vm prune does the same for images on VMs.',
    examples: [
      ['stratos cartridge prune --dry-run', 'what would go'],
      ['stratos cartridge prune --keep 5', 'keep five of each name to go back to'],
      ['stratos cartridge prune --on web-1 --unused 1d', 'what builds on a VM left there'],
    ],
    globals: ['dir'],
  })
    .option('--keep <n>', 'newest images of each name that stay', parseWhole(0), 3)
    .addOption(
      durationOption('--unused <duration>', 'how long no build has used what goes', parseDurationOption, UNUSED),
    )
    .option('--on <vm>', 'clean what builds left on a VM, instead of this machine')
    .option('--dry-run', 'remove nothing')
    .action(async (given: { keep: number; unused: Millis; on?: string; dryRun?: boolean }) => {
      const settings = { dryRun: false, ...given };
      context.exit(await run({ globals: globalOptionsOf(command), settings }, context));
    });
}

/** Prints what is gone and what was freed. @throws StoreError, NotFoundError for a VM that is not there, UnreachableError */
export async function runPrune({ globals, settings }: PruneOptions, context: CommandContext): Promise<number> {
  const deps = await context.open(globals);
  const pruned = await context.use.pruneCartridges(deps, { ...settings, signal: context.signal });
  const { dryRun } = settings;
  await printDone(context, globals, {
    kind: 'CartridgesPruned',
    body: { ...pruned, dryRun },
    text: () => prunedText(pruned, dryRun),
  });
  return EXIT.done;
}

function prunedText({ removed, freed, builds }: PrunedStore, dryRun: boolean): string {
  const left = `${String(builds.count)} ${builds.count === 1 ? 'folder' : 'folders'} of builds`;
  const lines = [
    ...(removed.length === 0 ? [] : [[removed.join(', '), dryRun ? '' : `; ${formatBytes(freed)} freed`]]),
    ...(builds.count === 0
      ? []
      : [[left, dryRun ? `; ${formatBytes(builds.freed)}` : `; ${formatBytes(builds.freed)} freed`]]),
  ].map(([what = '', how = '']) => `${dryRun ? 'would remove' : 'removed'} ${what}${how}\n`);
  return lines.length === 0 ? 'nothing to remove\n' : lines.join('');
}
