/** `stratos tenant ls [ALIAS]`: who signed up with what. */
import type { Command } from 'commander';
import { EXIT } from '../../model/errors.ts';
import type { Column } from '../../report/table.ts';
import { table } from '../../report/table.ts';
import type { CommandContext } from '../context.ts';
import { describeCommand } from '../describe-command.ts';
import type { GlobalOptions } from '../global-options.ts';
import { globalOptionsOf } from '../global-options.ts';
import { printResult } from '../print-result.ts';
import type { TenantInfo } from '../project-use-cases.ts';

export interface TenantLsOptions {
  readonly globals: GlobalOptions;
  readonly alias?: string;
}

/** Configures the command. */
export function lsCommand(command: Command, context: CommandContext, run = runTenantLs): void {
  describeCommand(command, {
    description: 'Lists the tenants of a subscription, or of all.',
    examples: [
      ['stratos tenant ls', 'of all subscriptions'],
      ['stratos tenant ls wiki -o json', 'of one, as a document'],
    ],
    globals: ['dir'],
  })
    .argument('[alias]', 'name of the subscription')
    .action(async (alias: string | undefined) => {
      const globals = globalOptionsOf(command);
      context.exit(await run({ globals, ...(alias === undefined ? {} : { alias }) }, context));
    });
}

const COLUMNS: readonly Column<TenantInfo>[] = [
  { title: 'ALIAS', value: (row) => row.alias },
  { title: 'TENANT', value: (row) => row.tenant, colour: (text, _row, paint) => paint.bold(text) },
  { title: 'HOSTS', value: (row) => row.hosts.join(', '), shrinks: true },
];

/** Prints the tenants. @throws InvalidSpecError; NotFoundError when there is no such subscription */
export async function runTenantLs({ globals, alias }: TenantLsOptions, context: CommandContext): Promise<number> {
  const tenants = await context.use.listTenants(await context.open(globals), alias);
  await printResult(context, globals, {
    kind: 'TenantList',
    body: { tenants },
    text: (view) =>
      tenants.length === 0 ? 'no tenants: stratos tenant add ALIAS TENANT\n' : table(COLUMNS, tenants, view),
  });
  return EXIT.done;
}
