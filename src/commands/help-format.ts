/** The order of a help text: how to call it, what it does, its arguments, its commands, its options, the global ones last. */
import type { Command, Help } from 'commander';
import { GLOBAL_HEADING } from './global-options.ts';

/** Renders a command's help; commander adds what `addHelpText` gave. */
export function formatHelp(command: Command, helper: Help): string {
  const width = helper.padWidth(command, helper);
  const list = (heading: string, items: readonly (readonly [term: string, purpose: string])[]): string[] =>
    helper.formatItemList(
      heading,
      items.map(([term, purpose]) => helper.formatItem(term, width, purpose, helper)),
      helper,
    );
  const commands = helper.groupItems([...command.commands], helper.visibleCommands(command), (child) =>
    child.helpGroup() === '' ? 'Commands:' : child.helpGroup(),
  );
  const options = [
    ...helper.groupItems(
      [...command.options],
      helper.visibleOptions(command),
      (option) => option.helpGroupHeading ?? 'Options:',
    ),
  ].sort(([a], [b]) => Number(a === GLOBAL_HEADING) - Number(b === GLOBAL_HEADING));
  const lines = [
    `Usage: ${helper.commandUsage(command)}`,
    '',
    helper.boxWrap(helper.commandDescription(command), helper.helpWidth ?? 80),
    '',
    ...list(
      'Arguments:',
      helper.visibleArguments(command).map((item) => [helper.argumentTerm(item), helper.argumentDescription(item)]),
    ),
    ...[...commands].flatMap(([heading, items]) =>
      list(
        heading,
        items.map((item) => [helper.subcommandTerm(item), helper.subcommandDescription(item)]),
      ),
    ),
    ...options.flatMap(([heading, items]) =>
      list(
        heading,
        items.map((item) => [helper.optionTerm(item), helper.optionDescription(item)]),
      ),
    ),
  ];
  return lines.join('\n');
}
