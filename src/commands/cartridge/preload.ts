/** `stratos cartridge preload IMAGE`: an image on VMs before a process needs it. */
import { InvalidArgumentError, type Command } from 'commander';
import { EXIT } from '../../model/errors.ts';
import { parseBytes, type Bytes } from '../../model/quantity.ts';
import { shortDigest } from '../../report/action-text.ts';
import { cleanText } from '../../report/clean-text.ts';
import { count } from '../../report/count-text.ts';
import type { CommandContext } from '../context.ts';
import { describeCommand } from '../describe-command.ts';
import type { GlobalOptions } from '../global-options.ts';
import { globalOptionsOf, limitsOf } from '../global-options.ts';
import { collect } from '../parse-option.ts';
import { printDone } from '../print-result.ts';

export interface PreloadCommandOptions {
  readonly globals: GlobalOptions;
  readonly image: string;
  readonly on: readonly string[];
  readonly bandwidthLimit?: Bytes;
}

/** Configures the command. */
export function preloadCommand(command: Command, context: CommandContext, run = runPreload): void {
  describeCommand(command, {
    description:
      'Brings an image to VMs before a process needs it: to a few from here, to the others from those. Only layers that a VM lacks travel.',
    examples: [
      ['stratos cartridge preload php:8.3', 'to every VM'],
      ['stratos cartridge preload shop --on web --bandwidth-limit 10Mi', 'of a subscription, to a partition'],
    ],
    globals: ['dir', 'lockTimeout'],
  })
    .argument('<image>', 'name:tag, name or digest; or a subscription or a cartridge of the spec')
    .option('--on <vm|partition>', 'where to, several times or with commas; default: every VM', collect)
    .option('--bandwidth-limit <size>', 'most that leaves this machine in a second, for all VMs together', parseSize)
    .action(async (image: string, options: { on?: readonly string[]; bandwidthLimit?: Bytes }) => {
      context.exit(await run({ globals: globalOptionsOf(command), image, on: [], ...options }, context));
    });
}

/** Prints where the image is now. @throws NotFoundError, StoreError, LockHeldError */
export async function runPreload(options: PreloadCommandOptions, context: CommandContext): Promise<number> {
  const { globals, image, on, bandwidthLimit } = options;
  const settings = { on, ...(bandwidthLimit !== undefined && { bandwidthLimit }) };
  const outcome = await context.use.preload(await context.open(globals), image, settings, limitsOf(globals, context));
  const failed = outcome.failed.map(({ action: { vm }, message }) => ({ vm, message }));
  const there = outcome.vms.filter((name) => !failed.some(({ vm }) => vm === name));
  await printDone(context, globals, {
    kind: 'CartridgePreloaded',
    body: { image: outcome.image, vms: there, failed },
    text: ({ paint }) =>
      [
        ...failed.map(({ vm, message }) => `${paint.red('✗')} ${cleanText(`${vm}: ${message}`)}\n`),
        `${cleanText(image)} (${shortDigest(outcome.image)}) is on ${count(there.length, 'VM')}\n`,
      ].join(''),
  });
  return failed.length === 0 ? EXIT.done : there.length === 0 ? EXIT.failed : EXIT.partial;
}

function parseSize(text: string): Bytes {
  const value = parseBytes(text);
  if (value === undefined || value === 0) throw new InvalidArgumentError('It is a size such as 500k, 10Mi or 1G.');
  return value;
}
