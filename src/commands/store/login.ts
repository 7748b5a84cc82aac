/** `stratos store login STORE`: keeps a password for a registry, as Docker does. */
import type { Command } from 'commander';
import { EXIT, UsageError } from '../../model/errors.ts';
import { Secret } from '../../model/secret.ts';
import type { CommandContext } from '../context.ts';
import { describeCommand } from '../describe-command.ts';
import type { GlobalOptions } from '../global-options.ts';
import { globalOptionsOf } from '../global-options.ts';
import { printDone } from '../print-result.ts';

export interface LoginOptions {
  readonly globals: GlobalOptions;
  readonly store: string;
  readonly user: string | undefined;
  /** Whether the password stands on standard input. */
  readonly fromInput: boolean;
}

/** Configures the command. */
export function loginCommand(command: Command, context: CommandContext, run = runLogin): void {
  describeCommand(command, {
    description:
      'Asks for a password, tries it, and keeps it with the credential helper of Docker’s configuration or, where there is none, in that file, readable by its owner alone. Nothing of it stands in the spec.',
    examples: [
      ['stratos store login hub --user ann', 'a store of the spec; asks for the password'],
      ['stratos store login registry.example:5000 --user ann --password-stdin < password.txt', 'by host, in CI'],
    ],
    globals: ['dir'],
  })
    .argument('<store>', 'name of a store, or host of a registry')
    .option('-u, --user <name>', 'name of the user')
    .option('--password-stdin', 'read the password from standard input')
    .action(async (store: string, { user, passwordStdin = false }: { user?: string; passwordStdin?: boolean }) => {
      context.exit(await run({ globals: globalOptionsOf(command), store, user, fromInput: passwordStdin }, context));
    });
}

/** Says where the password is kept. @throws UsageError, RegistryError, HostError */
export async function runLogin(options: LoginOptions, context: CommandContext): Promise<number> {
  const { globals, store } = options;
  const { user, password } = await ask(options, context);
  const deps = await context.open(globals);
  const kept = await context.use.loginStore(deps, store, { user, password, signal: context.signal });
  await printDone(context, globals, {
    kind: 'StoreLogin',
    body: { store, user, kept },
    text: () => `logged in to ${store} as ${user}; the password is kept by ${kept}\n`,
  });
  return EXIT.done;
}

async function ask(
  { store, user, fromInput }: LoginOptions,
  { io }: CommandContext,
): Promise<{ readonly user: string; readonly password: Secret }> {
  const hint = `stratos store login ${store} --user NAME --password-stdin < FILE`;
  if (!fromInput && !io.canPrompt) throw new UsageError('Cannot ask for the password as this is no terminal', { hint });
  if (fromInput && user === undefined) throw new UsageError('Cannot log in as no user is named', { hint });
  const name = user ?? (await io.ask(`User of ${store}: `)) ?? '';
  // One line break at the end is the file's, not the password's.
  const password = fromInput
    ? (await io.readInput()).replace(/\r?\n$/, '')
    : ((await io.askSecret(`Password of ${name}: `)) ?? '');
  if (name === '' || password === '') throw new UsageError('Cannot log in as user or password is empty', { hint });
  if (name.includes(':')) throw new UsageError(`Cannot log in as the name of a user has no colon: ${name}`);
  return { user: name, password: new Secret(password) };
}
