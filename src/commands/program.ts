/** The command line as a whole. A command's own module is loaded when its name is met, not before. */
import { Command } from 'commander';
import type { CommanderError } from 'commander';
import type { CommandContext } from './context.ts';
import { addGlobalOptions } from './global-options.ts';
import { formatHelp } from './help-format.ts';
import type { GroupEntry, LeafEntry } from './registry.ts';
import { COMMANDS } from './registry.ts';
import { usageErrorOf } from './usage-error.ts';

/**
 * Builds the program; `parseAsync` on it runs a command and rejects with whatever that threw, with UsageError for a wrong
 * command line, and with {@link HelpShown} after help was printed.
 */
export function buildProgram(
  context: CommandContext,
  entries: readonly (LeafEntry | GroupEntry)[] = COMMANDS,
): Command {
  const program = new Command('stratos');
  program
    .description('Turns plain Linux machines into a platform for cartridges, without a server and without an agent.')
    .usage('<command> [options]')
    .enablePositionalOptions()
    .configureOutput({
      writeOut: (text) => {
        context.io.out.write(text);
      },
      // Only help comes this way: a command without its verb.
      writeErr: (text) => {
        context.io.out.write(text);
      },
      outputError: () => undefined,
      getOutHelpWidth: () => Math.min(context.io.out.width, 100),
      getErrHelpWidth: () => Math.min(context.io.out.width, 100),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .configureHelp({
      subcommandTerm: (command) => command.name(),
      subcommandDescription: (command) => command.summary(),
      formatHelp,
    });
  prepare(program);
  program.option('-V, --version', 'show the version');
  addGlobalOptions(program, 'all');
  addEntries(program, [...entries, COMPLETE], context);
  program.addHelpText('after', '\nHelp of one command: stratos <command> --help');
  return program;
}

/** Called by completion scripts; stands here as it looks at all the others itself. */
const COMPLETE: LeafEntry = {
  name: '__complete',
  summary: '',
  hidden: true,
  load: async () => (await import('./complete.ts')).completeCommand,
};

/** Help was printed, as asked; there is nothing more to do. */
export class HelpShown extends Error {}

function addEntries(parent: Command, entries: readonly (LeafEntry | GroupEntry)[], context: CommandContext): void {
  const loaders = new Map<Command, () => Promise<void> | void>();
  parent.hook('preSubcommand', (_parent, command) => loaders.get(command)?.());
  for (const entry of entries) {
    const isDefault = 'isDefault' in entry;
    const command = parent.command(entry.name, { hidden: entry.hidden ?? false, isDefault }).summary(entry.summary);
    if (entry.group !== undefined) command.helpGroup(entry.group);
    prepare(command);
    if ('children' in entry) {
      loaders.set(command, () => {
        describeGroup(command, entry, context);
      });
    } else {
      loaders.set(command, async () => {
        (await entry.load())(command, context);
      });
    }
  }
}

function describeGroup(command: Command, entry: GroupEntry, context: CommandContext): void {
  command
    .description(`${capitalised(entry.summary)}.`)
    .usage('<command> [options]')
    .enablePositionalOptions();
  addGlobalOptions(command);
  addEntries(command, entry.children, context);
  command.addHelpText('after', `\nHelp of one command: stratos ${entry.name} <command> --help`);
}

/** Makes the command throw instead of ending the process, with errors in our words. */
function prepare(command: Command): void {
  command.helpOption('-h, --help', 'show help');
  command.helpCommand(false);
  command.exitOverride((error: CommanderError) => {
    if (error.code === 'commander.help' || error.code === 'commander.helpDisplayed') throw new HelpShown();
    throw usageErrorOf(error, command);
  });
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
