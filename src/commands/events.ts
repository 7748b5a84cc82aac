/** `stratos events`: what was done, when and why, from the event log of the project. */
import type { Command } from 'commander';
import { EXIT } from '../model/errors.ts';
import type { LoggedEvent } from '../model/event.ts';
import type { Instant } from '../model/quantity.ts';
import { eventsView } from '../report/events-view.ts';
import type { CommandContext } from './context.ts';
import { describeCommand } from './describe-command.ts';
import type { GlobalOptions } from './global-options.ts';
import { globalOptionsOf, ownOptions } from './global-options.ts';
import { parseSince, parseWhole } from './parse-option.ts';
import { printResult } from './print-result.ts';
import type { EventQuery } from './project-use-cases.ts';

export interface EventsOptions {
  readonly globals: GlobalOptions;
  readonly query: EventQuery;
  /** Progress and starts too. */
  readonly all: boolean;
}

/** Newest events shown without `--limit`. */
const DEFAULT_LIMIT = 100;

/** Configures the command. */
export function eventsCommand(command: Command, context: CommandContext, run = runEvents): void {
  describeCommand(command, {
    description:
      'Shows the newest entries of the event log: every action with its reason, its duration and how it ended.',
    examples: [
      ['stratos events --since 2h', 'the last two hours'],
      ['stratos events --run 7f3a --all', 'one run, with its beginnings and progress'],
      ['stratos events -o json --limit 1000', 'as one JSON document'],
    ],
    globals: ['dir'],
  })
    .option('--since <time>', 'from this time on: 2h, or 2026-05-01T12:00Z', parseSince(Date.now))
    .option('--run <id>', 'only this run; the beginning of its id will do')
    .option('-n, --limit <n>', 'at most so many, the newest', parseWhole(1), DEFAULT_LIMIT)
    .option('-a, --all', 'also what was only begun or half done')
    .action(async (options: { since?: Instant; run?: string; limit: number; all?: true }) => {
      const { all, ...query } = ownOptions(options);
      context.exit(await run({ globals: globalOptionsOf(command), query, all: all ?? false }, context));
    });
}

/** Prints the events, oldest first. */
export async function runEvents({ globals, query, all }: EventsOptions, context: CommandContext): Promise<number> {
  const { directory } = await context.open(globals);
  const { limit, ...filter } = query;
  const found = (await context.use.readEvents(directory, filter)).filter((entry) => all || isOutcome(entry));
  const events = limit === undefined ? found : found.slice(-limit);
  await printResult(context, globals, {
    kind: 'EventList',
    body: { events },
    text: (view) => (events.length === 0 ? 'no events\n' : eventsView(events, view)),
  });
  return EXIT.done;
}

function isOutcome({ event }: LoggedEvent): boolean {
  return event.type !== 'stage.started' && event.type !== 'action.started' && event.type !== 'action.progress';
}
