/** What commander finds wrong with a command line, in the words of this program. */
import type { Command, CommanderError } from 'commander';
import { UsageError } from '../model/errors.ts';

/** The error with the next thing to type as its hint: the corrected command line where there is a guess, else the help. */
export function usageErrorOf(error: CommanderError, command: Command): UsageError {
  const path = commandPath(command);
  const guess = /\n(\(Did you mean [^\n]*\))$/.exec(error.message)?.[1] ?? '';
  const first = error.message.slice(0, error.message.length - guess.length).trimEnd();
  const wrong = /'([^]*)'/.exec(first)?.[1] ?? '';
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
    case 'commander.invalidArgument':
      return invalidValueMessage(first);
    default:
      return `Cannot run "${path}": ${first.replace(/^error: /, '').replace(/\.$/, '')}`;
  }
}

/** `Cannot use "xx" for --watch <interval>: it is a duration such as 30s`. */
function invalidValueMessage(text: string): string {
  const option = /^error: (?:option|command-argument) '(.*?)' argument '([^]*)' is invalid\. ([^]*)$/.exec(text);
  const argument = /^error: command-argument value '([^]*)' is invalid for argument '(.*?)'\. ([^]*)$/.exec(text);
  const [name, value, why] = option ? option.slice(1) : [argument?.[2], argument?.[1], argument?.[3]];
  if (name === undefined || value === undefined || why === undefined) return text.replace(/^error: /, 'Cannot go on: ');
  return `Cannot use ${JSON.stringify(value)} for ${name}: ${why.charAt(0).toLowerCase()}${why.slice(1).replace(/\.$/, '')}`;
}
