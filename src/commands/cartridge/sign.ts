/** `stratos cartridge sign IMAGE`: vouches for an image with an SSH key. */
import type { Command } from 'commander';
import { EXIT } from '../../model/errors.ts';
import { shortDigest } from '../../report/action-text.ts';
import type { CommandContext } from '../context.ts';
import { describeCommand } from '../describe-command.ts';
import type { GlobalOptions } from '../global-options.ts';
import { globalOptionsOf } from '../global-options.ts';
import { printDone } from '../print-result.ts';
import { imageBody, locationText } from './print-image.ts';
import { remoteOption } from './remote-option.ts';

export interface SignOptions {
  readonly globals: GlobalOptions;
  readonly reference: string;
  readonly key: string | undefined;
  readonly remote: boolean;
}

/** Configures the command. */
export function signCommand(command: Command, context: CommandContext, run = runSign): void {
  describeCommand(command, {
    description:
      'Signs the digest of an image with an SSH key and keeps the signature beside the image, wherever it is copied. An image that this machine does not have is signed at its store, without its layers. Without --key: $STRATOS_SIGNING_KEY, else the only key of the SSH agent, else ~/.ssh/id_ed25519 and the like. Signing twice with one key changes nothing.',
    examples: [
      ['stratos cartridge sign php:8.2', 'with the key of the SSH agent'],
      ['stratos cartridge sign php:8.2 --key ~/.ssh/release', 'with a key file, public or private'],
      ['stratos cartridge sign hub:team/php:8.2 --remote', 'at its store'],
    ],
    globals: ['dir'],
  })
    .argument('<image>', 'name:tag, name or digest')
    .option('-k, --key <file>', 'key file, or the comment of a key of the SSH agent')
    .addOption(remoteOption())
    .action(async (reference: string, { key, remote = false }: { key?: string; remote?: boolean }) => {
      context.exit(await run({ globals: globalOptionsOf(command), reference, key, remote }, context));
    });
}

/** Prints what was signed and with which key. @throws NotFoundError, UsageError, StoreError, RegistryError */
export async function runSign(options: SignOptions, context: CommandContext): Promise<number> {
  const { globals, reference, key, remote } = options;
  const deps = await context.open(globals);
  const signed = await context.use.signCartridge(deps, reference, { key, remote, signal: context.signal });
  await printDone(context, globals, {
    kind: 'CartridgeSigned',
    body: { ...imageBody(signed), key: signed.key },
    text: () =>
      `signed ${signed.references.join(', ')}${locationText(signed)} (${shortDigest(signed.image.digest)}) with ${signed.key}\n`,
  });
  return EXIT.done;
}
