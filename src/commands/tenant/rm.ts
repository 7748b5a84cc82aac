/** `stratos tenant rm ALIAS TENANT`: ends the sign-up of a tenant. */
import type { Command } from 'commander';
import type { CommandContext } from '../context.ts';
import { describeCommand } from '../describe-command.ts';
import type { GlobalOptions } from '../global-options.ts';
import { globalOptionsOf } from '../global-options.ts';
import { printEdit } from '../print-edit.ts';

export interface TenantRmOptions {
  readonly globals: GlobalOptions;
  readonly alias: string;
  readonly tenant: string;
  readonly reconcile: boolean;
}

/** Configures the command. */
export function rmCommand(command: Command, context: CommandContext, run = runTenantRm): void {
  describeCommand(command, {
    description:
      'Takes a tenant out of stratos.yaml. With the next reconcile its host names lead nowhere and the processes are told; what they keep of it is theirs to remove.',
    examples: [
      ['stratos tenant rm wiki acme', 'its host names go with the next reconcile'],
      ['stratos tenant rm wiki acme --reconcile', 'they go now'],
    ],
    globals: ['dir'],
  })
    .argument('<alias>', 'name of the subscription')
    .argument('<tenant>', 'name of the tenant')
    .option('--reconcile', 'do it now')
    .action(async (alias: string, tenant: string, { reconcile }: { reconcile?: true }) => {
      const globals = globalOptionsOf(command);
      context.exit(await run({ globals, alias, tenant, reconcile: reconcile ?? false }, context));
    });
}

/** Edits the spec. @throws NotFoundError */
export async function runTenantRm(options: TenantRmOptions, context: CommandContext): Promise<number> {
  const { globals, alias, tenant, reconcile } = options;
  const deps = await context.open(globals);
  const edited = await context.use.removeTenant(deps, alias, tenant);
  const done = `removed ${tenant} from ${alias}`;
  return printEdit(context, globals, deps, { ...edited, done, alias, tenant, action: 'removed', reconcile });
}
