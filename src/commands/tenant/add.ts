/** `stratos tenant add ALIAS TENANT`: signs a tenant up with a subscription. */
import type { Command } from 'commander';
import type { CommandContext } from '../context.ts';
import { describeCommand } from '../describe-command.ts';
import type { GlobalOptions } from '../global-options.ts';
import { globalOptionsOf } from '../global-options.ts';
import { collect } from '../parse-option.ts';
import { printEdit } from '../print-edit.ts';

export interface TenantAddOptions {
  readonly globals: GlobalOptions;
  readonly alias: string;
  readonly tenant: string;
  readonly hosts: readonly string[];
  readonly reconcile: boolean;
}

/** Configures the command. */
export function addCommand(command: Command, context: CommandContext, run = runTenantAdd): void {
  describeCommand(command, {
    description:
      'Adds a tenant to a subscription of a multi-tenant cartridge in stratos.yaml, keeping its comments and order. With the next reconcile its host names lead there and the processes are told, without a restart.',
    examples: [
      ['stratos tenant add wiki acme --host acme.example.org', 'a tenant with a host name of its own'],
      [
        'stratos tenant add wiki umbrella --host umbrella.example.org --host www.umbrella.example.org --reconcile',
        'two, and at once',
      ],
    ],
    globals: ['dir'],
  })
    .argument('<alias>', 'name of the subscription')
    .argument('<newTenant>', 'name of the tenant')
    .option('--host <name>', 'host name served on port 80; may be repeated', collect)
    .option('--reconcile', 'let it in now')
    .action(async (alias: string, tenant: string, { host, reconcile }: { host?: string[]; reconcile?: true }) => {
      const globals = globalOptionsOf(command);
      context.exit(await run({ globals, alias, tenant, hosts: host ?? [], reconcile: reconcile ?? false }, context));
    });
}

/** Edits the spec. @throws NotFoundError, UsageError; InvalidSpecError when the spec would not be valid; then nothing is written */
export async function runTenantAdd(options: TenantAddOptions, context: CommandContext): Promise<number> {
  const { globals, alias, tenant, hosts, reconcile } = options;
  const deps = await context.open(globals);
  const edited = await context.use.addTenant(deps, alias, tenant, hosts);
  const done = `added ${tenant} to ${alias}`;
  return printEdit(context, globals, deps, { ...edited, done, alias, tenant, action: 'added', reconcile });
}
