/** `stratos cartridge import FILE`: an image from a root file system or an OCI archive. */
import type { Command } from 'commander';
import { EXIT } from '../../model/errors.ts';
import type { CommandContext } from '../context.ts';
import { describeCommand } from '../describe-command.ts';
import type { GlobalOptions } from '../global-options.ts';
import { globalOptionsOf } from '../global-options.ts';
import { printImage } from './print-image.ts';

export interface ImportOptions {
  readonly globals: GlobalOptions;
  readonly file: string;
  readonly tag: string;
}

/** Configures the command. */
export function importCommand(command: Command, context: CommandContext, run = runImport): void {
  describeCommand(command, {
    description:
      'Takes an image into the store: a tar of a root file system (plain, gzip, zstd or xz), or an OCI archive or layout. Every digest is checked.',
    examples: [
      ['stratos cartridge import rootfs.tar.gz --tag legacy:1', 'a root file system'],
      ['stratos cartridge import nginx.oci.tar --tag nginx:1.27', 'an OCI archive, as skopeo and podman write it'],
    ],
    globals: ['dir'],
  })
    .argument('<file>', 'archive, or directory of an OCI layout')
    .requiredOption('-t, --tag <name:tag>', 'name of the image')
    .action(async (file: string, options: { tag: string }) => {
      context.exit(await run({ globals: globalOptionsOf(command), file, tag: options.tag }, context));
    });
}

/** Prints the image. @throws StoreError */
export async function runImport({ globals, file, tag }: ImportOptions, context: CommandContext): Promise<number> {
  const deps = await context.open(globals);
  const imported = await context.use.importCartridge(deps, file, { tag, signal: context.signal });
  await printImage(context, globals, 'imported', imported);
  return EXIT.done;
}
