/** What commander finds wrong with a command line, in the words of this program. */
import type { Command, CommanderError } from 'commander';
import { UsageError } from '../model/errors.ts';

/** The error with the next thing to type as its hint: the corrected command line where there is a guess, else the help. */
export function usageErrorOf(error: CommanderError, command: Command): UsageError {
  const path = commandPath(command);
  const [first = '', guess = ''] = error.message.split('\n');
  const wrong = /'([^']*)'/.exec(first)?.[1] ?? '';
  const suggestion = /^\(Did you mean (?:one of )?([^,?]+)/.exec(guess)?.[1];
  const hint = suggestion === undefined ? `${path} --help` : `${path} ${suggestion}`;
  return new UsageError(messageOf(error, first, wrong, path), { hint, cause: error });
}

/** `stratos vm ls`. */
export function commandPath(command: Command): string {
  return command.parent ? `${commandPath(command.parent)} ${command.name()}` : command.name();
}

function messageOf(error: CommanderError, first: string, wrong: string, path: string): string {
  switch (error.code) {
    case 'commander.unknownCommand':
      return `Cannot run "${path}" as it has no such command: ${wrong}`;
    case 'commander.unknownOption':
      return `Cannot run "${path}" as it has no such option: ${wrong}`;
    case 'commander.missingArgument':
      return `Cannot run "${path}" as an argument is missing: ${wrong}`;
    case 'commander.missingMandatoryOptionValue':
      return `Cannot run "${path}" as an option is missing: ${wrong}`;
    case 'commander.optionMissingArgument':
      return `Cannot run "${path}" as an option has no value: ${wrong}`;
    default:
      return `Cannot run "${path}": ${first.replace(/^error: /, '').replace(/\.$/, '')}`;
  }
}
