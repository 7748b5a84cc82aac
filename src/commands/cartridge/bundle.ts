/** `stratos cartridge bundle FILE IMAGE…`: everything a site without a network needs. */
import type { Command } from 'commander';
import type { CommandContext } from '../context.ts';
import { describeCommand } from '../describe-command.ts';
import { globalOptionsOf } from '../global-options.ts';
import { runExport } from './export.ts';

/** Configures the command. */
export function bundleCommand(command: Command, context: CommandContext, run = runExport): void {
  describeCommand(command, {
    description:
      'Writes several images with their names into one OCI archive, each layer once, for a site without a network. stratos cartridge import FILE takes all of them there.',
    examples: [
      ['stratos cartridge bundle site.tar php:8.2 node:18', 'two images'],
      ['stratos cartridge bundle site.tar --spec', 'all that cartridges of the spec need'],
    ],
    globals: ['dir'],
  })
    .argument('<file>', 'file to write')
    .argument('[image...]', 'name:tag, or a digest')
    .option('--spec', 'also what cartridges of the spec need')
    .option('--gzip', 'compress layers by gzip, for tools that do not know zstd')
    .action(
      async (
        file: string,
        references: string[],
        { spec = false, gzip = false }: { spec?: true | false; gzip?: true | false },
      ) => {
        const settings = { format: 'oci', gzip, spec } as const;
        context.exit(await run({ globals: globalOptionsOf(command), references, file, settings }, context));
      },
    );
}
