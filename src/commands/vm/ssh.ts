/** `stratos vm ssh VM`: a login, or one program, on a VM, with its pinned host key. */
import type { Command } from 'commander';
import type { CommandContext } from '../context.ts';
import { programOf } from '../program-of.ts';
import { describeCommand } from '../describe-command.ts';
import type { GlobalOptions } from '../global-options.ts';
import { globalOptionsOf } from '../global-options.ts';

export interface SshOptions {
  readonly globals: GlobalOptions;
  readonly vm: string;
  /** Empty: a login shell. */
  readonly argv: readonly string[];
}

/** Configures the command. */
export function sshCommand(command: Command, context: CommandContext, run = runSsh): void {
  describeCommand(command, {
    description:
      'Logs in to a VM with the key of the project and the host key of the inventory, or runs one program there. The exit status is that of the program.',
    examples: [
      ['stratos vm ssh web-1', 'a login shell'],
      ['stratos vm ssh web-1 journalctl -u stratos-gateway -n 20', 'one program'],
    ],
    globals: ['dir'],
  })
    .argument('<vm>', 'name of the VM')
    .argument('[program...]', 'program and arguments')
    .passThroughOptions()
    .action(async (vm: string, argv: string[]) => {
      context.exit(await run({ globals: globalOptionsOf(command), vm, argv: programOf(argv) }, context));
    });
}

/** Ends with the program's own status. @throws NotFoundError, UnreachableError */
export async function runSsh({ globals, vm, argv }: SshOptions, context: CommandContext): Promise<number> {
  const tty = argv.length === 0 && context.io.canPrompt;
  return context.use.vmSsh(await context.open(globals), vm, argv, { tty, signal: context.signal });
}
