/** `stratos store add NAME PLACE`: a further store in the spec. */
import type { Command } from 'commander';
import { Option } from 'commander';
import { EXIT } from '../../model/errors.ts';
import type { CommandContext } from '../context.ts';
import { describeCommand } from '../describe-command.ts';
import type { GlobalOptions } from '../global-options.ts';
import { globalOptionsOf } from '../global-options.ts';
import { printDone } from '../print-result.ts';
import type { NewStore } from '../registry-use-cases.ts';

export interface AddOptions {
  readonly globals: GlobalOptions;
  readonly store: NewStore;
}

interface Given {
  readonly kind?: NewStore['kind'];
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly insecure?: true;
  readonly default?: true;
}

/** Configures the command. */
export function addCommand(command: Command, context: CommandContext, run = runAdd): void {
  describeCommand(command, {
    description:
      'Adds a store to stratos.yaml, keeping its comments and order. A place that begins with / . or ~ is a directory, any other a registry.',
    examples: [
      [
        'stratos store add hub https://registry.example:5000 --ca ca.crt --default',
        'a registry, for names without a store',
      ],
      ['stratos store add shelf /mnt/images', 'a directory'],
      ['stratos store add images mycloud --kind glance', 'Glance of a cloud in clouds.yaml'],
    ],
    globals: ['dir'],
  })
    .argument('<name>', 'what stands before the first colon of its images')
    .argument('<place>', 'an address, the path of a directory, or the name of a cloud')
    .addOption(new Option('--kind <kind>', 'what it is').choices(['directory', 'oci', 'glance']))
    .option('--ca <file>', 'certificates of authorities to trust beside the system’s')
    .option('--cert <file>', 'certificate that says who we are, for a registry that wants one')
    .option('--key <file>', 'key of that certificate')
    .option('--insecure', 'plain http is meant')
    .option('--default', 'names without a store mean it')
    .action(async (name: string, place: string, given: Given) => {
      const store: NewStore = {
        name,
        place,
        kind: given.kind ?? (/^[/.~]/.test(place) ? 'directory' : 'oci'),
        ...(given.ca !== undefined && { ca: given.ca }),
        ...(given.cert !== undefined && { cert: given.cert }),
        ...(given.key !== undefined && { key: given.key }),
        insecure: given.insecure ?? false,
        makeDefault: given.default ?? false,
      };
      context.exit(await run({ globals: globalOptionsOf(command), store }, context));
    });
}

/** Edits the spec. @throws UsageError; InvalidSpecError when the spec would not be valid; then nothing is written */
export async function runAdd({ globals, store }: AddOptions, context: CommandContext): Promise<number> {
  const { file, changed } = await context.use.addStore(await context.open(globals), store);
  const next = store.kind === 'oci' ? `\nnext: stratos store login ${store.name}` : '';
  await printDone(context, globals, {
    kind: 'Store',
    body: { store: store.name, action: 'added', file, changed },
    text: () => `added ${store.name}${next}\n`,
  });
  return EXIT.done;
}
