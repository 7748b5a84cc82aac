/** `stratos cartridge import FILE`: an image from a root file system or an OCI archive. */
import type { Command } from 'commander';
import { EXIT } from '../../model/errors.ts';
import type { CommandContext } from '../context.ts';
import { describeCommand } from '../describe-command.ts';
import type { GlobalOptions } from '../global-options.ts';
import { globalOptionsOf } from '../global-options.ts';
import type { EnvSetting } from '../parse-option.ts';
import { collectEnv, parseWhole } from '../parse-option.ts';
import type { ImportSettings } from '../cartridge-use-cases.ts';
import { printDone } from '../print-result.ts';
import { imageBody, printImage } from './print-image.ts';

export interface ImportOptions {
  readonly globals: GlobalOptions;
  readonly file: string;
  readonly settings: Omit<ImportSettings, 'signal'>;
}

interface Given {
  readonly tag?: string;
  readonly env?: readonly EnvSetting[];
  readonly user?: string;
  readonly workdir?: string;
  readonly port?: readonly number[];
}

/** Configures the command. */
export function importCommand(command: Command, context: CommandContext, run = runImport): void {
  describeCommand(command, {
    description:
      'Takes an image into the store: a tar of a root file system, an OCI archive, or what docker save writes; plain or compressed by gzip, zstd or xz. Every digest is checked. A program and options say how it runs, where the file does not.',
    examples: [
      ['stratos cartridge import root.tar.gz --tag legacy:1 --port 80 -- /usr/sbin/httpd -f', 'a root file system'],
      ['stratos cartridge import nginx.oci.tar --tag nginx:1.27', 'an OCI archive, as skopeo and podman write it'],
      ['stratos cartridge import site.tar', 'all that cartridge bundle put into it'],
    ],
    globals: ['dir'],
  })
    .argument('<file>', 'archive')
    .argument('[program...]', 'what it runs, after --')
    .option(
      '-t, --tag <name:tag>',
      'name of the image; without it, all images of an archive get the names they have there',
    )
    .option('-p, --port <port>', 'port it listens on; may be repeated', collectPort)
    .option('-e, --env <name=value>', 'variable', collectEnv)
    .option('--user <user>', 'user it runs as')
    .option('--workdir <path>', 'directory it runs in')
    .action(async (file: string, argv: string[], { tag, env, user, workdir, port }: Given) => {
      const settings = {
        ...(tag === undefined ? {} : { tag }),
        argv,
        env: Object.fromEntries((env ?? []).map(({ name, value }) => [name, value ?? ''])),
        ports: port ?? [],
        ...(user === undefined ? {} : { user }),
        ...(workdir === undefined ? {} : { workingDir: workdir }),
      };
      context.exit(await run({ globals: globalOptionsOf(command), file, settings }, context));
    });
}

/** A root file system alone cannot start: better said now than by the first process. */
const NO_PROGRAM =
  '! it has no program: give one with `-- program`, or with `command:` in the cartridge of stratos.yaml';

/** Prints the image. @throws NotFoundError, StoreError */
export async function runImport({ globals, file, settings }: ImportOptions, context: CommandContext): Promise<number> {
  const deps = await context.open(globals);
  const imported = await context.use.importCartridge(deps, file, { ...settings, signal: context.signal });
  const [only] = imported;
  if (only && imported.length === 1) {
    await printImage(context, globals, 'imported', only, only.image.run.argv.length === 0 ? NO_PROGRAM : undefined);
    return EXIT.done;
  }
  await printDone(context, globals, {
    kind: 'CartridgeList',
    body: { cartridges: imported.map(imageBody) },
    text: () => imported.map((one) => `imported ${one.references.join(', ')}\n`).join(''),
  });
  return EXIT.done;
}

const parsePort = parseWhole(1, 65_535);

function collectPort(text: string, before: readonly number[] = []): readonly number[] {
  return [...before, parsePort(text)];
}
