/** How it is told that an image went from one place to another. */
import { formatBytes } from '../../model/quantity.ts';
import { shortDigest } from '../../report/action-text.ts';
import type { CommandContext } from '../context.ts';
import type { GlobalOptions } from '../global-options.ts';
import { printDone } from '../print-result.ts';
import type { Transfer, TransferOptions } from '../registry-use-cases.ts';

/** Options of pushing, pulling and copying as commander gives them. */
export interface GivenTransfer {
  readonly attached?: true;
  readonly all?: true;
  readonly dryRun?: true;
}

/** What the options mean. */
export function transferOptions(given: GivenTransfer, context: CommandContext): TransferOptions {
  const { attached = false, all = false, dryRun = false } = given;
  return { attached, all, dryRun, signal: context.signal };
}

/** `pushed php:8.2 to hub:php:8.2 (0123456789ab): 2 blobs, 12.5Mi sent, 3 there already`. */
export async function printTransfer(
  context: CommandContext,
  globals: GlobalOptions,
  verb: string,
  transfer: Transfer,
): Promise<void> {
  const { from, to, digest, unchanged, dryRun, bytes, blobs, attached } = transfer;
  const head = `${dryRun ? `would have ${verb}` : verb} ${from}${from === to ? '' : ` to ${to}`} (${shortDigest(digest)})`;
  const parts = [
    `${counted(blobs.sent, 'blob')}, ${formatBytes(bytes)} ${dryRun ? 'to send' : 'sent'}`,
    ...(blobs.mounted > 0 ? [`${String(blobs.mounted)} taken from another repository`] : []),
    ...(blobs.present > 0 ? [`${String(blobs.present)} there already`] : []),
    ...(attached > 0 ? [`${counted(attached, 'document')} attached`] : []),
  ];
  await printDone(context, globals, {
    kind: 'CartridgeTransfer',
    body: transfer,
    text: () => `${head}: ${unchanged ? 'there already' : parts.join(', ')}\n`,
  });
}

function counted(count: number, what: string): string {
  return `${String(count)} ${what}${count === 1 ? '' : 's'}`;
}
