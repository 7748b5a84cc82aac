/** `stratos cartridge export IMAGE FILE`: an image as a file for other tools and places. */
import type { Command } from 'commander';
import { Option } from 'commander';
import { EXIT } from '../../model/errors.ts';
import { formatBytes } from '../../model/quantity.ts';
import type { CommandContext } from '../context.ts';
import { describeCommand } from '../describe-command.ts';
import type { GlobalOptions } from '../global-options.ts';
import { globalOptionsOf } from '../global-options.ts';
import { printDone } from '../print-result.ts';
import type { ArchiveFormat, ExportSettings, NamedImage } from '../cartridge-use-cases.ts';
import { imageBody } from './print-image.ts';

export interface ExportOptions {
  readonly globals: GlobalOptions;
  readonly references: readonly string[];
  readonly file: string;
  readonly settings: Omit<ExportSettings, 'signal'> & { readonly spec: boolean };
}

/** Configures the command. */
export function exportCommand(command: Command, context: CommandContext, run = runExport): void {
  describeCommand(command, {
    description:
      'Writes an image into a file: an OCI archive, what docker load takes, or a tar of its root file system. A name that ends in .gz or .zst is compressed. The file is there whole or not at all.',
    examples: [
      ['stratos cartridge export php:8.2 php.oci.tar', 'for skopeo, podman and another store'],
      ['stratos cartridge export php:8.2 php.tar.gz --format docker', 'for docker load'],
    ],
    globals: ['dir'],
  })
    .argument('<image>', 'name:tag, or a digest')
    .argument('<file>', 'file to write')
    .addOption(
      new Option('-f, --format <format>', 'form of the file').choices(['oci', 'docker', 'rootfs']).default('oci'),
    )
    .option('--gzip', 'compress layers by gzip, for tools that do not know zstd')
    .action(async (image: string, file: string, given: { format: ArchiveFormat; gzip?: true }) => {
      const settings = { format: given.format, gzip: given.gzip ?? false, spec: false };
      context.exit(await run({ globals: globalOptionsOf(command), references: [image], file, settings }, context));
    });
}

/** Prints what is in the file. @throws NotFoundError, StoreError, HostError */
export async function runExport(options: ExportOptions, context: CommandContext): Promise<number> {
  const { globals, references, file, settings } = options;
  const deps = await context.open(globals);
  const { signal } = context;
  const { images, size } = await context.use.exportCartridges(deps, references, file, { ...settings, signal });
  await printDone(context, globals, {
    kind: 'CartridgeExported',
    body: { file, format: settings.format, size, cartridges: images.map(imageBody) },
    text: () => `wrote ${images.map(nameOf).join(', ')} to ${file} (${formatBytes(size)})\n`,
  });
  return EXIT.done;
}

const nameOf = ({ references, image }: NamedImage): string => references.join(', ') || image.digest;
