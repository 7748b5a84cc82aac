/** `stratos report`: what was measured in the past, as numbers and as a page with curves. */
import type { Command } from 'commander';
import { EXIT } from '../model/errors.ts';
import type { Instant } from '../model/quantity.ts';
import { instant } from '../model/quantity.ts';
import { costsView } from '../report/costs-view.ts';
import { historyFacts, presenceOf } from '../report/history-facts.ts';
import { historyView } from '../report/history-view.ts';
import type { CommandContext } from './context.ts';
import { describeCommand } from './describe-command.ts';
import type { GlobalOptions } from './global-options.ts';
import { globalOptionsOf, ownOptions } from './global-options.ts';
import { parseSince } from './parse-option.ts';
import { present } from './present.ts';
import { printResult } from './print-result.ts';

const DAY = 86_400_000;

export interface ReportOptions {
  readonly globals: GlobalOptions;
  /** Only this subscription. */
  readonly alias?: string;
  /** Default: a day ago. */
  readonly since?: Instant;
  /** Where to write the page. */
  readonly html?: string;
}

/** Configures the command. */
export function reportCommand(command: Command, context: CommandContext, run = runReport): void {
  describeCommand(command, {
    description:
      'Shows what runs of this project measured: load, processes, response times and CPU of each subscription; and what machines cost. Connects to nothing.',
    examples: [
      ['stratos report', 'the last day in numbers'],
      ['stratos report shop --since 7d --html report.html', 'a week of shop, as a page with curves'],
    ],
    globals: ['dir'],
  })
    .argument('[alias]', 'only this subscription')
    .option('--since <time>', 'from this time on: 2h, or 2026-05-01T12:00Z (default: 24h)', parseSince(Date.now))
    .option('--html <file>', 'write a page with curves')
    .action(async (alias: string | undefined, options: { since?: Instant; html?: string }) => {
      const own = present({ alias, ...ownOptions(options) });
      context.exit(await run({ globals: globalOptionsOf(command), ...own }, context));
    });
}

/** Prints the numbers. @throws ProjectFileError */
export async function runReport(options: ReportOptions, context: CommandContext): Promise<number> {
  const { globals, alias, html } = options;
  const deps = await context.open(globals);
  const now = deps.now();
  const since = options.since ?? instant(now - DAY);
  const all = await context.use.readHistory(deps, since);
  const history = Object.fromEntries(Object.entries(all).filter(([name]) => alias === undefined || name === alias));
  const facts = historyFacts(history);
  const costs = await context.use.readCosts(deps, since, presenceOf(historyFacts(all)));
  if (html !== undefined) {
    const [{ historyPage }, { htmlPage }] = await Promise.all([
      import('../report/html/history-page.ts'),
      import('../report/html/page.ts'),
    ]);
    await context.use.writeReport(html, htmlPage(historyPage(history, since, now)));
  }
  await printResult(context, globals, {
    kind: 'Report',
    body: { since, until: now, subscriptions: facts, costs },
    text: (view) => historyView(facts, view) + costsView(costs, view) + (html === undefined ? '' : `wrote ${html}\n`),
  });
  return EXIT.done;
}
