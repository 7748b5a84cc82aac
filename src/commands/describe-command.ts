/** The fixed part of every command: what it is for, its arguments and two examples. */
import type { Command } from 'commander';
import { addGlobalOptions } from './global-options.ts';

export interface CommandText {
  /** One or two sentences below the usage line. */
  readonly description: string;
  /** Command lines with what they do. At least two. */
  readonly examples: readonly (readonly [line: string, purpose: string])[];
  /** Global options worth showing in this command's help. */
  readonly globals?: readonly string[];
  /** Global options this command defines in its own way. */
  readonly own?: readonly string[];
}

/** Adds description, global options and examples to a command. */
export function describeCommand(command: Command, text: CommandText): Command {
  command.description(text.description);
  addGlobalOptions(command, ['output', ...(text.globals ?? [])], text.own);
  const width = Math.max(...text.examples.map(([line]) => line.length));
  const lines = text.examples.map(([line, purpose]) => `  ${line.padEnd(width)}  ${purpose}`);
  return command.addHelpText('after', `\nExamples:\n${lines.join('\n')}\n\nOptions of every command: stratos --help`);
}
