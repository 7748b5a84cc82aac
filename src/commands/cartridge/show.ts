/** `stratos cartridge show REFERENCE`: one image in full. */
import type { Command } from 'commander';
import { EXIT } from '../../model/errors.ts';
import { formatBytes } from '../../model/quantity.ts';
import { shortDigest } from '../../report/action-text.ts';
import { facts } from '../../report/facts.ts';
import type { CommandContext } from '../context.ts';
import { describeCommand } from '../describe-command.ts';
import type { GlobalOptions } from '../global-options.ts';
import { globalOptionsOf } from '../global-options.ts';
import { printResult } from '../print-result.ts';
import type { DescribedImage } from '../trust-use-cases.ts';
import { imageBody, imageSize } from './print-image.ts';
import { remoteOption } from './remote-option.ts';

export interface ShowOptions {
  readonly globals: GlobalOptions;
  readonly reference: string;
  readonly remote: boolean;
}

/** Configures the command. */
export function showCommand(command: Command, context: CommandContext, run = runShow): void {
  describeCommand(command, {
    description:
      'Shows an image: its digest, names, layers, what hangs on it, and what it runs with which user, ports and environment. One that this machine does not have is looked at where it is, without its layers.',
    examples: [
      ['stratos cartridge show php:8.2', 'by name'],
      ['stratos cartridge show sha256:0123456789ab', 'by the beginning of its digest'],
      ['stratos cartridge show hub:team/php:8.2 --remote', 'as it is at its store'],
    ],
    globals: ['dir'],
  })
    .argument('<image>', 'name:tag, or a digest')
    .addOption(remoteOption())
    .action(async (reference: string, { remote = false }: { remote?: boolean }) => {
      context.exit(await run({ globals: globalOptionsOf(command), reference, remote }, context));
    });
}

/** Prints the image. @throws NotFoundError, StoreError, RegistryError */
export async function runShow(options: ShowOptions, context: CommandContext): Promise<number> {
  const { globals, reference, remote } = options;
  const deps = await context.open(globals);
  const named = await context.use.showCartridge(deps, reference, { remote, signal: context.signal });
  const { image, references, attached, provenance, bases, store } = named;
  const { run } = image;
  await printResult(context, globals, {
    kind: 'Cartridge',
    body: { ...imageBody(named), attached, bases, ...(provenance && { provenance }) },
    text: ({ paint }) =>
      facts(
        [
          ['names', references.join(', ')],
          ['at', store],
          ['digest', image.digest],
          ['size', formatBytes(imageSize(named))],
          ['built for', image.architecture],
          ['created', image.created],
          ['runs', run.argv.map((word) => (/^[\w./:=@%+-]+$/.test(word) ? word : JSON.stringify(word))).join(' ')],
          ['as', run.user === '' ? 'root' : run.user],
          ['in', run.workingDir],
          ['ports', run.ports.join(', ')],
          ...Object.entries(run.env).map(([name, value]) => ['env', `${name}=${value}`] as const),
          ['made', provenance && madeText(provenance)],
          ...bases.map((base) => ['base', baseText(base)] as const),
          ...attached.map(({ artifactType }) => ['attached', artifactType] as const),
          ...image.layers.map(({ digest, size }) => ['layer', `${shortDigest(digest)}  ${formatBytes(size)}`] as const),
        ],
        paint,
      ),
  });
  return EXIT.done;
}

/** `by import on 2026-05-01 10:00 by ann@laptop, from file:php.tar`. */
function madeText({ how, at, who, from }: NonNullable<DescribedImage['provenance']>): string {
  return `by ${how} on ${at.slice(0, 16).replace('T', ' ')} by ${who}, from ${from.map(({ uri }) => uri).join(', ')}`;
}

/** `base:12 0123456789ab; made by build on 2026-05-01 10:00 by ann@laptop, from dir:base; signed`. */
function baseText({ name, digest, provenance, attached }: DescribedImage['bases'][number]): string {
  const made = provenance && `made ${madeText(provenance)}`;
  const signed = attached?.some((type) => type.endsWith('.signature.v1'));
  const known = attached ? [made, signed ? 'signed' : 'not signed'] : ['not in the store'];
  const called = name === digest ? shortDigest(digest) : `${name} ${shortDigest(digest)}`;
  return [called, ...known.filter((part) => part !== undefined)].join('; ');
}
