/** `stratos cartridge verify IMAGE`: whether an image is still what it was, and who vouches for it. */
import type { Command } from 'commander';
import { EXIT } from '../../model/errors.ts';
import { formatBytes } from '../../model/quantity.ts';
import { shortDigest } from '../../report/action-text.ts';
import { cleanText } from '../../report/clean-text.ts';
import type { CommandContext } from '../context.ts';
import { describeCommand } from '../describe-command.ts';
import type { GlobalOptions } from '../global-options.ts';
import { globalOptionsOf } from '../global-options.ts';
import { printDone } from '../print-result.ts';
import type { VerifiedImage } from '../trust-use-cases.ts';
import { imageBody, imageSize, locationText } from './print-image.ts';
import { remoteOption } from './remote-option.ts';

export interface VerifyOptions {
  readonly globals: GlobalOptions;
  readonly reference: string;
  readonly allowedSigners: string | undefined;
  readonly remote: boolean;
}

/** Configures the command. */
export function verifyCommand(command: Command, context: CommandContext, run = runVerify): void {
  describeCommand(command, {
    description:
      'Reads everything an image consists of and compares it with its digests; then checks its signatures, where the spec has store.allowedSigners. Exit code 1 when something is missing or damaged, or when a signature is required and none counts. Of an image at a store the manifest, the configuration and the signatures are read; its layers must be there, and are compared when they are pulled.',
    examples: [
      ['stratos cartridge verify php:8.2', 'by name'],
      [
        'stratos cartridge verify php:8.2 --allowed-signers release.signers',
        'signed by one of these, whatever the spec says',
      ],
      ['stratos cartridge verify hub:team/php:8.2 --remote', 'at its store, without its layers'],
    ],
    globals: ['dir'],
  })
    .argument('<image>', 'name:tag, name or digest')
    .option('--allowed-signers <file>', 'who may sign, as in ssh-keygen(1); a signature is then required')
    .addOption(remoteOption())
    .action(async (reference: string, given: { allowedSigners?: string; remote?: true }) => {
      const { allowedSigners, remote = false } = given;
      context.exit(await run({ globals: globalOptionsOf(command), reference, allowedSigners, remote }, context));
    });
}

/** Prints the image that is whole, and its signatures. @throws NotFoundError, StoreError, RegistryError */
export async function runVerify(options: VerifyOptions, context: CommandContext): Promise<number> {
  const { globals, reference, ...which } = options;
  const deps = await context.open(globals);
  const verified = await context.use.verifyCartridge(deps, reference, { ...which, signal: context.signal });
  await printDone(context, globals, {
    kind: 'Cartridge',
    body: { ...imageBody(verified), signatures: verified.signatures },
    text: () => verifiedText(verified),
  });
  return EXIT.done;
}

function verifiedText(verified: VerifiedImage): string {
  const { references, image, signatures } = verified;
  const size = formatBytes(imageSize(verified));
  const lines = signatures.map((verdict) =>
    verdict.ok
      ? `  signed by ${verdict.signer}, key ${verdict.fingerprint}`
      : `  ! a signature does not count: ${verdict.why}`,
  );
  const where = locationText(verified);
  const note = where === '' ? '' : '; layers are there, and compared when they are pulled';
  return [`verified ${references.join(', ')}${where} (${shortDigest(image.digest)}, ${size})${note}`, ...lines, '']
    .map(cleanText)
    .join('\n');
}
