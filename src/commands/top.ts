/** `stratos top`: what each subscription and VM does now, again and again. */
import type { Command } from 'commander';
import { EXIT } from '../model/errors.ts';
import { millis, type Millis } from '../model/quantity.ts';
import type { TopReport } from '../reconcile/top.ts';
import { paintFor } from '../report/io.ts';
import { topView } from '../report/top-view.ts';
import type { CommandContext } from './context.ts';
import { describeCommand } from './describe-command.ts';
import type { GlobalOptions } from './global-options.ts';
import { DEFAULT_PARALLEL, globalOptionsOf, limitsOf } from './global-options.ts';
import { durationOption, parseInterval, parseWhole } from './parse-option.ts';
import { printResult, printRound } from './print-result.ts';

export interface TopOptions {
  readonly globals: GlobalOptions;
  readonly interval: Millis;
  /** Looks; undefined: until interrupted on a terminal, once elsewhere. */
  readonly count?: number;
}

/** Configures the command. */
export function topCommand(command: Command, context: CommandContext, run = runTop): void {
  describeCommand(command, {
    description:
      'Shows what each subscription and VM does now: requests, errors, response time, CPU, memory, load, pressure. On a terminal it goes on until interrupted; elsewhere it looks once. Changes nothing and leaves no trace in what policy remembers.',
    examples: [
      ['stratos top', 'live, until Ctrl-C'],
      ['stratos top --count 1', 'one look'],
      ['stratos top --interval 5s --count 12 -o json', 'a minute of samples, one document a line'],
    ],
    globals: ['dir'],
  })
    .addOption(durationOption('--interval <duration>', 'time between two looks', parseInterval, millis(2000)))
    .option('--count <n>', 'end after so many looks', parseWhole(1))
    .action(async ({ interval, count }: { interval: Millis; count?: number }) => {
      const given = count === undefined ? {} : { count };
      context.exit(await run({ globals: globalOptionsOf(command), interval, ...given }, context));
    });
}

/** Prints one look, or one after the other. */
export async function runTop({ globals, interval, count }: TopOptions, context: CommandContext): Promise<number> {
  const deps = await context.open(globals);
  const { out } = context.io;
  const looks = count ?? (out.isTerminal && globals.output === 'table' ? Number.POSITIVE_INFINITY : 1);
  const print = looks === 1 ? printResult : printRound;
  const result = (report: TopReport) => ({
    kind: 'Top',
    body: report,
    text: (view: Parameters<typeof topView>[1]) => topView(report, view),
  });
  const limits = limitsOf(globals, context, { only: [], parallel: DEFAULT_PARALLEL });
  if (looks === 1) {
    const report = await context.use.topOnce(deps, limits);
    await print(context, globals, result(report));
    return report.unreachable.length > 0 ? EXIT.partial : EXIT.done;
  }
  const enough = new AbortController();
  const signal = AbortSignal.any([limits.signal, enough.signal]);
  const paint = await paintFor(out);
  let printed = Promise.resolve<unknown>(undefined);
  let seen = 0;
  await context.use.top(deps, { ...limits, signal }, interval, (report) => {
    seen += 1;
    if (seen >= looks) enough.abort();
    // Over what stands there, so that nothing flickers; then what was longer before is cleared.
    if (out.isTerminal && globals.output === 'table')
      out.write(`\u001B[H\u001B[2J${topView(report, { paint, width: out.width })}`);
    else printed = printed.then(() => print(context, globals, result(report)));
  });
  await printed;
  // Ctrl-C is how it is meant to end.
  return EXIT.done;
}
