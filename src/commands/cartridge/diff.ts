/** `stratos cartridge diff A B`: what changes from one image to another. */
import type { Command } from 'commander';
import { EXIT } from '../../model/errors.ts';
import { formatBytes } from '../../model/quantity.ts';
import type { Paint } from '../../report/paint.ts';
import type { FileChange, ImageDiff, PackageChange } from '../../store/image-diff.ts';
import type { CommandContext } from '../context.ts';
import { describeCommand } from '../describe-command.ts';
import type { GlobalOptions } from '../global-options.ts';
import { globalOptionsOf } from '../global-options.ts';
import { printResult } from '../print-result.ts';

export interface DiffOptions {
  readonly globals: GlobalOptions;
  readonly a: string;
  readonly b: string;
}

/** Configures the command. */
export function diffCommand(command: Command, context: CommandContext, run = runDiff): void {
  describeCommand(command, {
    description:
      'Shows what changes from one image to another: packages added, removed and of another version, files added, removed and changed, and sizes. Times of files do not count.',
    examples: [
      ['stratos cartridge diff php:8.2 php:8.2-test', 'what a new build brings'],
      ['stratos cartridge diff php:8.2 shop:mended -o json', 'for programs'],
    ],
    globals: ['dir'],
  })
    .argument('<image>', 'name:tag, or a digest')
    .argument('<other>', 'the image to compare it with')
    .action(async (a: string, b: string) => {
      context.exit(await run({ globals: globalOptionsOf(command), a, b }, context));
    });
}

/** Prints the differences. @throws NotFoundError, StoreError */
export async function runDiff({ globals, a, b }: DiffOptions, context: CommandContext): Promise<number> {
  const diff = await context.use.diffCartridges(await context.open(globals), a, b);
  await printResult(context, globals, {
    kind: 'CartridgeDiff',
    body: { before: a, after: b, ...diff },
    text: ({ paint }) => diffText(diff, paint),
  });
  return EXIT.done;
}

function diffText({ packages, files, size, content }: ImageDiff, paint: Paint): string {
  const lines = [
    ...packages.map((change) => packageLine(change, paint)),
    ...files.map((change) => fileLine(change, paint)),
    `layers ${formatBytes(size.before)} → ${formatBytes(size.after)}, files ${formatBytes(content.before)} → ${formatBytes(content.after)}`,
  ];
  return `${lines.join('\n')}\n`;
}

function packageLine({ name, before, after }: PackageChange, paint: Paint): string {
  if (before === undefined) return paint.green(`+ package ${name} ${after ?? ''}`);
  if (after === undefined) return paint.red(`- package ${name} ${before}`);
  return paint.yellow(`~ package ${name} ${before} → ${after}`);
}

function fileLine({ path, change, before = 0, after = 0 }: FileChange, paint: Paint): string {
  if (change === 'added') return paint.green(`+ /${path} ${formatBytes(after)}`);
  if (change === 'removed') return paint.red(`- /${path} ${formatBytes(before)}`);
  return paint.yellow(`~ /${path} ${formatBytes(before)} → ${formatBytes(after)}`);
}
