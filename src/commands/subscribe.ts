/** `stratos subscribe ALIAS`: adds a subscription to the spec; with `--reconcile` it runs at once. */
import type { Command } from 'commander';
import type { CommandContext } from './context.ts';
import { describeCommand } from './describe-command.ts';
import type { GlobalOptions } from './global-options.ts';
import { globalOptionsOf, ownOptions } from './global-options.ts';
import type { EnvSetting } from './parse-option.ts';
import { collect, collectEnv, parseWhole } from './parse-option.ts';
import { printEdit } from './print-edit.ts';
import type { SubscriptionSettings } from './project-use-cases.ts';

export interface SubscribeOptions {
  readonly globals: GlobalOptions;
  readonly alias: string;
  readonly settings: SubscriptionSettings;
  readonly reconcile: boolean;
}

interface Given {
  readonly cartridge: string;
  readonly port?: number;
  readonly host?: readonly string[];
  readonly min?: number;
  readonly max?: number;
  readonly env?: readonly EnvSetting[];
  readonly scaling?: string;
  readonly idle?: string;
  readonly rollout?: string;
  readonly spread?: true;
  readonly needs?: readonly string[];
  readonly reconcile?: true;
}

/** Configures the command. */
export function subscribeCommand(command: Command, context: CommandContext, run = runSubscribe): void {
  describeCommand(command, {
    description:
      'Adds a subscription to stratos.yaml, keeping its comments and order. The next reconcile starts its processes; with --reconcile that happens at once.',
    examples: [
      ['stratos subscribe shop --cartridge php --port 8080', 'answer on port 8080 of each VM'],
      [
        'stratos subscribe shop --cartridge php --host shop.example.org --min 2 --max 8',
        'by host name, 2 to 8 processes',
      ],
      [
        'stratos subscribe shop --cartridge php --env DB_HOST=db1 --env DB_PASSWORD --reconcile',
        'a variable, and a secret of this machine',
      ],
      ['stratos subscribe shop --cartridge php --needs shop-db', 'start after shop-db, with its address'],
    ],
    globals: ['dir'],
  })
    .argument('<alias>', 'name of the subscription')
    .requiredOption('-c, --cartridge <name>', 'cartridge of the spec')
    .option('-p, --port <port>', 'port on each VM of the partition', parseWhole(1, 65_535))
    .option('--host <name>', 'host name served on port 80; may be repeated', collect)
    .option('--min <n>', 'least processes', parseWhole(0))
    .option('--max <n>', 'most processes', parseWhole(0))
    .option('-e, --env <name=value>', 'variable; without a value it is read on this machine', collectEnv)
    .option('--scaling <policy>', 'scaling policy of the spec')
    .option('--idle <policy>', 'idle policy of the spec')
    .option('--rollout <policy>', 'rollout policy of the spec')
    .option('--spread', 'keep its processes on different VMs')
    .option('--needs <alias>', 'subscription that must be ready first; may be repeated', collect)
    .option('--reconcile', 'make it run now')
    .action(async (alias: string, options: Given) => {
      const { host, env, reconcile, ...given } = ownOptions(options);
      const settings = { ...given, hosts: host ?? [], env: env ?? [] };
      context.exit(
        await run({ globals: globalOptionsOf(command), alias, settings, reconcile: reconcile ?? false }, context),
      );
    });
}

/** Edits the spec. @throws InvalidSpecError when the spec would not be valid; then nothing is written */
export async function runSubscribe(options: SubscribeOptions, context: CommandContext): Promise<number> {
  const { globals, alias, settings } = options;
  const deps = await context.open(globals);
  const { file, changed } = await context.use.subscribe(deps, alias, settings);
  return printEdit(context, globals, deps, {
    done: `subscribed ${alias} to ${settings.cartridge}`,
    alias,
    file,
    changed,
    action: 'subscribed',
    reconcile: options.reconcile,
  });
}
