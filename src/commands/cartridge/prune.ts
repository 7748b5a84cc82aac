/** `stratos cartridge prune`: cleans the store of this machine. */
import type { Command } from 'commander';
import { EXIT } from '../../model/errors.ts';
import { formatBytes } from '../../model/quantity.ts';
import type { CommandContext } from '../context.ts';
import { describeCommand } from '../describe-command.ts';
import type { GlobalOptions } from '../global-options.ts';
import { globalOptionsOf } from '../global-options.ts';
import { parseWhole } from '../parse-option.ts';
import { printDone } from '../print-result.ts';
import type { PruneSettings } from '../use-cases.ts';

export interface PruneOptions {
  readonly globals: GlobalOptions;
  readonly settings: PruneSettings;
}

/** Configures the command. */
export function pruneCommand(command: Command, context: CommandContext, run = runPrune): void {
  describeCommand(command, {
    description:
      'Removes images from the store that neither the spec nor a process, awake or asleep, needs, and that are not among the newest of their name. stratos vm prune does the same on VMs.',
    examples: [
      ['stratos cartridge prune --dry-run', 'what would go'],
      ['stratos cartridge prune --keep 5', 'keep five of each name to go back to'],
    ],
    globals: ['dir'],
  })
    .option('--keep <n>', 'newest images of each name that stay', parseWhole(0), 3)
    .option('--dry-run', 'remove nothing')
    .action(async ({ keep, dryRun = false }: { keep: number; dryRun?: boolean }) => {
      context.exit(await run({ globals: globalOptionsOf(command), settings: { keep, dryRun } }, context));
    });
}

/** Prints what is gone and what was freed. @throws StoreError */
export async function runPrune({ globals, settings }: PruneOptions, context: CommandContext): Promise<number> {
  const { removed, kept, freed } = await context.use.pruneCartridges(await context.open(globals), settings);
  await printDone(context, globals, {
    kind: 'CartridgesPruned',
    body: { removed, kept, freed, dryRun: settings.dryRun },
    text: () => {
      if (removed.length === 0) return 'nothing to remove\n';
      return settings.dryRun
        ? `would remove ${removed.join(', ')}\n`
        : `removed ${removed.join(', ')}; ${formatBytes(freed)} freed\n`;
    },
  });
  return EXIT.done;
}
