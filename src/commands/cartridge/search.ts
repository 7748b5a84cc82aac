/** `stratos cartridge search [TEXT]`: what images the stores have. */
import type { Command } from 'commander';
import { EXIT } from '../../model/errors.ts';
import { shortDigest } from '../../report/action-text.ts';
import type { Column } from '../../report/table.ts';
import { table } from '../../report/table.ts';
import type { CommandContext } from '../context.ts';
import { describeCommand } from '../describe-command.ts';
import type { GlobalOptions } from '../global-options.ts';
import { globalOptionsOf } from '../global-options.ts';
import { printResult } from '../print-result.ts';
import type { FoundImage } from '../registry-use-cases.ts';

export interface SearchOptions {
  readonly globals: GlobalOptions;
  readonly text: string | undefined;
  readonly store: string | undefined;
}

/** Configures the command. */
export function searchCommand(command: Command, context: CommandContext, run = runSearch): void {
  describeCommand(command, {
    description:
      'Lists the images of the stores of the spec whose repository has the text in its name; all without one.',
    examples: [
      ['stratos cartridge search php', 'in all stores'],
      ['stratos cartridge search --store hub -o json', 'all of one store'],
    ],
    globals: ['dir'],
  })
    .argument('[text]', 'part of a name')
    .option('--store <name>', 'in this store alone')
    .action(async (text: string | undefined, { store }: { store?: string }) => {
      context.exit(await run({ globals: globalOptionsOf(command), text, store }, context));
    });
}

const COLUMNS: readonly Column<FoundImage>[] = [
  { title: 'NAME', value: (row) => row.name, colour: (text, _row, paint) => paint.bold(text) },
  { title: 'DIGEST', value: (row) => (row.digest === undefined ? '' : shortDigest(row.digest)) },
];

/** Prints the images. @throws UsageError, RegistryError */
export async function runSearch({ globals, text, store }: SearchOptions, context: CommandContext): Promise<number> {
  const images = await context.use.searchCartridges(await context.open(globals), {
    ...(text !== undefined && { text }),
    ...(store !== undefined && { store }),
    signal: context.signal,
  });
  await printResult(context, globals, {
    kind: 'CartridgeSearch',
    body: { images },
    text: (view) => (images.length === 0 ? 'no images: stratos store ls\n' : table(COLUMNS, images, view)),
  });
  return EXIT.done;
}
