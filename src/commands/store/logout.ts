/** `stratos store logout STORE`: takes away the password that `store login` keeps. */
import type { Command } from 'commander';
import { EXIT } from '../../model/errors.ts';
import type { CommandContext } from '../context.ts';
import { describeCommand } from '../describe-command.ts';
import type { GlobalOptions } from '../global-options.ts';
import { globalOptionsOf } from '../global-options.ts';
import { printDone } from '../print-result.ts';

export interface LogoutOptions {
  readonly globals: GlobalOptions;
  readonly store: string;
}

/** Configures the command. */
export function logoutCommand(command: Command, context: CommandContext, run = runLogout): void {
  describeCommand(command, {
    description:
      'Takes a password away from where stratos store login keeps it: the credential helper of Docker’s configuration, or that file. The registry is not asked. Says which files of other programs still have one.',
    examples: [
      ['stratos store logout hub', 'a store of the spec'],
      ['stratos store logout registry.example:5000', 'by host'],
    ],
    globals: ['dir'],
  })
    .argument('<store>', 'name of a store, or host of a registry')
    .action(async (store: string) => {
      context.exit(await run({ globals: globalOptionsOf(command), store }, context));
    });
}

/** Says where the password was. @throws UsageError, NotFoundError when none is kept, HostError */
export async function runLogout({ globals, store }: LogoutOptions, context: CommandContext): Promise<number> {
  const { removed, left } = await context.use.logoutStore(await context.open(globals), store);
  const others = left.length === 0 ? '' : `! ${left.join(', ')} still has a password for it\n`;
  await printDone(context, globals, {
    kind: 'StoreLogout',
    body: { store, removed, left },
    text: () => `logged out of ${store}; the password is gone from ${removed.join(' and ')}\n${others}`,
  });
  return EXIT.done;
}
