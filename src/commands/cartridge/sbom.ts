/** `stratos cartridge sbom IMAGE`: the packages that are in an image. */
import type { Command } from 'commander';
import { Option } from 'commander';
import { EXIT } from '../../model/errors.ts';
import { cleanText } from '../../report/clean-text.ts';
import type { Column } from '../../report/table.ts';
import { table } from '../../report/table.ts';
import type { CommandContext } from '../context.ts';
import { describeCommand } from '../describe-command.ts';
import type { GlobalOptions } from '../global-options.ts';
import { globalOptionsOf } from '../global-options.ts';
import { printResult } from '../print-result.ts';
import type { ListedPackages } from '../trust-use-cases.ts';
import { remoteOption } from './remote-option.ts';

export interface SbomOptions {
  readonly globals: GlobalOptions;
  readonly reference: string;
  readonly format: 'table' | 'cyclonedx';
  readonly attach: boolean;
  readonly remote: boolean;
}

/** Configures the command. */
export function sbomCommand(command: Command, context: CommandContext, run = runSbom): void {
  describeCommand(command, {
    description:
      'Lists the packages in an image, as dpkg, apk and npm keep them; nothing is unpacked or run. As a bill of materials in the form of CycloneDX 1.6 with --format; --attach keeps that beside the image, wherever it is copied. Of an image at a store each layer is read while it arrives, and none is kept.',
    examples: [
      ['stratos cartridge sbom php:8.2', 'a table'],
      ['stratos cartridge sbom php:8.2 --attach --format cyclonedx', 'the document, kept with the image too'],
      ['stratos cartridge sbom hub:team/php:8.2 --remote --attach', 'at its store'],
    ],
    globals: ['dir'],
  })
    .argument('<image>', 'name:tag, name or digest')
    .addOption(new Option('--format <format>', 'how it is printed').choices(['table', 'cyclonedx']).default('table'))
    .option('--attach', 'keep the document beside the image')
    .addOption(remoteOption())
    .action(async (reference: string, given: { format: SbomOptions['format']; attach?: true; remote?: true }) => {
      const { format, attach = false, remote = false } = given;
      context.exit(await run({ globals: globalOptionsOf(command), reference, format, attach, remote }, context));
    });
}

type Row = ListedPackages['packages'][number];
const COLUMNS: readonly Column<Row>[] = [
  { title: 'PACKAGE', value: ({ name }) => cleanText(name), colour: (text, _row, paint) => paint.bold(text) },
  { title: 'VERSION', value: ({ version }) => cleanText(version) },
  { title: 'KIND', value: ({ kind }) => kind },
  { title: 'LICENCE', value: ({ licence }) => cleanText(licence ?? '') },
];

/** Prints the packages. @throws NotFoundError, StoreError, RegistryError */
export async function runSbom(options: SbomOptions, context: CommandContext): Promise<number> {
  const { globals, reference, format, attach, remote } = options;
  const deps = await context.open(globals);
  const listed = await context.use.listPackages(deps, reference, { attach, remote, signal: context.signal });
  const { references, store, image, distribution, packages, document } = listed;
  if (format === 'cyclonedx' && globals.output === 'table') {
    context.settle();
    context.io.out.write(`${document}\n`);
    return EXIT.done;
  }
  await printResult(context, globals, {
    kind: 'Sbom',
    body: {
      references,
      ...(store !== undefined && { store }),
      digest: image.digest,
      ...(distribution && { distribution }),
      packages,
      attached: attach,
    },
    text: (view) =>
      packages.length === 0 ? 'no packages that dpkg, apk or npm know of\n' : table(COLUMNS, packages, view),
  });
  return EXIT.done;
}
