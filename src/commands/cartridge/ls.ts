/** `stratos cartridge ls`: the images of the store by name. */
import type { Command } from 'commander';
import { EXIT } from '../../model/errors.ts';
import { formatBytes } from '../../model/quantity.ts';
import { shortDigest } from '../../report/action-text.ts';
import type { Column } from '../../report/table.ts';
import { table } from '../../report/table.ts';
import type { CommandContext } from '../context.ts';
import { describeCommand } from '../describe-command.ts';
import type { GlobalOptions } from '../global-options.ts';
import { globalOptionsOf } from '../global-options.ts';
import { printResult } from '../print-result.ts';
import type { NamedImage } from '../cartridge-use-cases.ts';
import { imageBody, imageSize } from './print-image.ts';

/** Configures the command. */
export function lsCommand(command: Command, context: CommandContext, run = runLs): void {
  describeCommand(command, {
    description: 'Lists the images of the store with their names, digests and sizes.',
    examples: [
      ['stratos cartridge ls', 'all images'],
      ['stratos cartridge ls -o json', 'with layers and how they run'],
    ],
    globals: ['dir'],
  }).action(async () => {
    context.exit(await run(globalOptionsOf(command), context));
  });
}

const COLUMNS: readonly Column<NamedImage>[] = [
  { title: 'NAME', value: (row) => row.references.join(', '), colour: (text, _row, paint) => paint.bold(text) },
  { title: 'DIGEST', value: (row) => shortDigest(row.image.digest) },
  { title: 'SIZE', value: (row) => formatBytes(imageSize(row)), align: 'right' },
  { title: 'LAYERS', value: (row) => String(row.image.layers.length), align: 'right' },
  { title: 'ARCH', value: (row) => row.image.architecture },
  { title: 'CREATED', value: (row) => (row.image.created ?? '').slice(0, 10) },
];

/** Prints the images. @throws StoreError */
export async function runLs(globals: GlobalOptions, context: CommandContext): Promise<number> {
  const images = await context.use.listCartridges(await context.open(globals));
  await printResult(context, globals, {
    kind: 'CartridgeList',
    body: { cartridges: images.map(imageBody) },
    text: (view) =>
      images.length === 0 ? 'no images: stratos cartridge build DIRECTORY\n' : table(COLUMNS, images, view),
  });
  return EXIT.done;
}
