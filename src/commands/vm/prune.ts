/** `stratos vm prune VM …`: frees the room of images that nothing needs any more. */
import type { Command } from 'commander';
import { EXIT, UsageError } from '../../model/errors.ts';
import { formatBytes } from '../../model/quantity.ts';
import { shortDigest } from '../../report/action-text.ts';
import { cleanText } from '../../report/clean-text.ts';
import { shortList } from '../../report/count-text.ts';
import type { CommandContext } from '../context.ts';
import { describeCommand } from '../describe-command.ts';
import type { GlobalOptions } from '../global-options.ts';
import { globalOptionsOf, limitsOf } from '../global-options.ts';
import { printDone } from '../print-result.ts';

export interface PruneOptions {
  readonly globals: GlobalOptions;
  /** Empty: all. */
  readonly vms: readonly string[];
}

/** Configures the command. */
export function pruneCommand(command: Command, context: CommandContext, run = runPrune): void {
  describeCommand(command, {
    description:
      'Removes from VMs the images that no process and no cartridge of the spec needs. What is removed comes again when it is needed.',
    examples: [
      ['stratos vm prune web-1', 'one VM'],
      ['stratos vm prune --all', 'every VM of the inventory'],
    ],
    globals: ['dir', 'lockTimeout'],
  })
    .argument('[vm...]', 'names of VMs')
    .option('--all', 'every VM')
    .action(async (vms: string[], options: { all?: true }) => {
      if ((options.all ?? false) === vms.length > 0)
        throw new UsageError('Cannot choose the VMs: name them, or say --all', { hint: 'stratos vm prune --all' });
      context.exit(await run({ globals: globalOptionsOf(command), vms }, context));
    });
}

/** Prints what each VM has more room by. @throws NotFoundError, LockHeldError */
export async function runPrune({ globals, vms }: PruneOptions, context: CommandContext): Promise<number> {
  const outcome = await context.use.vmPrune(await context.open(globals), vms, limitsOf(globals, context));
  const { pruned, failed } = outcome;
  await printDone(context, globals, {
    kind: 'VmsPruned',
    body: outcome,
    text: ({ paint }) =>
      failed.map(({ vm, message }) => `${paint.red('✗')} ${cleanText(`${vm}: ${message}`)}\n`).join('') +
      pruned.map(({ vm, removed, freed }) => `${vm}: ${prunedText(removed, freed)}\n`).join(''),
  });
  return failed.length > 0 ? EXIT.partial : EXIT.done;
}

function prunedText(removed: readonly string[], freed: number): string {
  if (removed.length === 0 && freed === 0) return 'nothing to remove';
  return `removed ${shortList(removed.map(shortDigest)) || 'blobs'}; ${formatBytes(freed)} freed`;
}
