/** `stratos simulate`: the policies of the spec over a load, in virtual time. Connects to nothing and changes nothing. */
import type { Command } from 'commander';
import { InvalidArgumentError, Option } from 'commander';
import { EXIT, UsageError } from '../model/errors.ts';
import type { Instant, Millis } from '../model/quantity.ts';
import { instant, millis } from '../model/quantity.ts';
import type { SimulationRequest } from '../reconcile/simulation.ts';
import { SHAPES, type Shape } from '../simulate/shapes.ts';
import type { CommandContext } from './context.ts';
import { describeCommand } from './describe-command.ts';
import type { GlobalOptions } from './global-options.ts';
import { globalOptionsOf, ownOptions } from './global-options.ts';
import { durationOption, parseDurationOption, parseInterval, parseSince, parseWhole } from './parse-option.ts';
import { present } from './present.ts';
import { printResult } from './print-result.ts';

export interface SimulateOptions {
  readonly globals: GlobalOptions;
  readonly load:
    | {
        readonly kind: 'shape';
        readonly shape: Shape;
        readonly base?: number;
        readonly peak?: number;
      }
    | { readonly kind: 'file'; readonly path: string }
    | { readonly kind: 'recorded'; readonly since: Instant };
  readonly request: Omit<SimulationRequest, 'load'>;
  /** Where to write the page. */
  readonly html?: string;
}

interface Given {
  readonly trace?: string;
  readonly shape?: Shape;
  readonly recorded?: true;
  readonly since?: Instant;
  readonly base?: number;
  readonly peak?: number;
  readonly scale?: number;
  readonly alias?: string;
  readonly duration?: Millis;
  readonly from?: Instant;
  readonly step: Millis;
  readonly every: Millis;
  readonly serviceTime?: Millis;
  readonly concurrency?: number;
  readonly objective?: Millis;
  readonly boot: Millis;
  readonly startup: Millis;
  readonly wake: Millis;
  readonly compare?: readonly string[];
  readonly html?: string;
}

/** Configures the command. */
export function simulateCommand(command: Command, context: CommandContext, run = runSimulate): void {
  describeCommand(command, {
    description:
      'Runs the policies of the spec over a load in virtual time, with the same code that reconcile decides with, and adds up what would have come of it: slow and refused requests, hours of processes and VMs, cost, wakes, and changes to and fro. What the model is made of: docs/simulation.md.',
    examples: [
      ['stratos simulate --shape day', 'every subscription over a sine day, within its bounds'],
      ['stratos simulate --shape flash --alias shop --peak 800', 'a flash crowd of 800 requests/s on shop'],
      ['stratos simulate --trace load.csv --compare steady brisk', 'two scaling policies side by side'],
      ['stratos simulate --recorded --since 24h --html report.html', 'the last day again, as a page with curves'],
    ],
    globals: ['dir'],
  })
    .option('--trace <file>', 'load from a CSV file: time, requestsPerSecond, and more')
    .addOption(new Option('--shape <shape>', 'made load (default: day)').choices(SHAPES))
    .option('--recorded', 'load that was recorded by runs of this project')
    .option('--since <time>', 'with --recorded: from this time on: 2h, or 2026-05-01T12:00Z', parseSince(Date.now))
    .option('--base <n>', 'with --shape: requests a second at rest (default: a tenth of the peak)', parseRate)
    .option('--peak <n>', 'with --shape: at the height (default: half of what max processes answer)', parseRate)
    .option('--scale <n>', 'with --trace or --recorded: so many times the load', parseScale)
    .option('--alias <alias>', 'only this subscription')
    .option('--duration <time>', 'how long (default: that of the trace, 24h for a shape)', parseDurationOption)
    .option('--from <time>', 'when it begins, for schedules (default: that of the trace, or a Monday)', parseFrom)
    .addOption(durationOption('--step <time>', 'how virtual time goes by', parseInterval, millis(10_000)))
    .addOption(durationOption('--every <time>', 'time between two runs of policy', parseInterval, millis(60_000)))
    .option('--service-time <time>', 'time that a request takes (default: 100ms)', parsePositive)
    .option('--concurrency <n>', 'requests that a process serves side by side (default: by its target)', parseWhole(1))
    .option('--objective <time>', 'a slower answer counts as slow (default: the target, or 500ms)', parsePositive)
    .addOption(
      durationOption(
        '--boot <time>',
        'from asking for a VM to its being prepared',
        parseDurationOption,
        millis(60_000),
      ),
    )
    .addOption(
      durationOption('--startup <time>', 'from a decision to a ready process', parseDurationOption, millis(2000)),
    )
    .addOption(
      durationOption(
        '--wake <time>',
        'from a request to a stopped process that answers',
        parseDurationOption,
        millis(40),
      ),
    )
    .option('--compare <names...>', 'two scaling policies, or two specs (.yaml) of the project')
    .option('--html <file>', 'write a page with curves')
    .action(async (options: Given) => {
      context.exit(await run(simulateOptions(globalOptionsOf(command), ownOptions(options)), context));
    });
}

/** @throws UsageError for options that exclude each other */
function simulateOptions(globals: GlobalOptions, given: Given): SimulateOptions {
  const { trace, shape, recorded, since, base, peak, scale, alias, duration, from, step, every, compare, html } = given;
  const sources = [trace && '--trace', shape && '--shape', recorded && '--recorded'].filter(Boolean);
  if (sources.length > 1)
    throw new UsageError(`Cannot simulate more than one load at a time: ${sources.join(', ')}`, {
      hint: 'stratos simulate --shape day',
    });
  if (shape === undefined && sources.length > 0 && (base !== undefined || peak !== undefined))
    throw new UsageError('Cannot take --base and --peak without --shape: a trace has its own numbers');
  if (scale !== undefined && trace === undefined && !recorded)
    throw new UsageError('Cannot take --scale without --trace or --recorded: a shape has --base and --peak');
  if (since !== undefined && !recorded) throw new UsageError('Cannot take --since without --recorded');
  if (base !== undefined && peak !== undefined && base > peak)
    throw new UsageError(`Cannot simulate as --base must not be above --peak: ${String(base)} > ${String(peak)}`);
  if (compare !== undefined && compare.length !== 2)
    throw new UsageError(`Cannot compare ${String(compare.length)}: --compare takes two names`, {
      hint: 'stratos simulate --compare steady brisk',
    });
  const [first, second] = compare ?? [];
  return {
    globals,
    load:
      trace !== undefined
        ? { kind: 'file', path: trace }
        : recorded
          ? { kind: 'recorded', since: since ?? instant(0) }
          : { kind: 'shape', shape: shape ?? 'day', ...present({ base, peak }) },
    request: {
      step,
      every,
      delays: { boot: given.boot, start: given.startup, wake: given.wake, thaw: millis(2) },
      service: present({
        serviceTime: given.serviceTime,
        concurrency: given.concurrency,
        objective: given.objective,
      }),
      ...present({ alias, duration, start: from, scale }),
      ...(first !== undefined && second !== undefined ? { compare: [first, second] as const } : {}),
    },
    ...present({ html }),
  };
}

/** Simulates and prints what came of it. @throws NotFoundError, UsageError, ProjectFileError */
export async function runSimulate(options: SimulateOptions, context: CommandContext): Promise<number> {
  const { globals, load, request, html } = options;
  const deps = await context.open(globals);
  const given =
    load.kind === 'recorded' ? { kind: load.kind, history: await context.use.readHistory(deps, load.since) } : load;
  const outcome = await context.use.simulate(deps, { ...request, load: given });
  const { simulationView } = await import('../report/simulation-view.ts');
  if (html !== undefined) {
    const [{ simulationPage }, { htmlPage }] = await Promise.all([
      import('../report/html/simulation-page.ts'),
      import('../report/html/page.ts'),
    ]);
    await context.use.writeReport(html, htmlPage(simulationPage(outcome)));
  }
  await printResult(context, globals, {
    kind: 'Simulation',
    body: {
      ...outcome,
      // Curves are for the page: a document of some hundred lines is not read for them.
      results: outcome.results.map(({ series: _, vmSeries: __, ...result }) => result),
    },
    text: (view) => simulationView(outcome, view) + (html === undefined ? '' : `wrote ${html}\n`),
  });
  return EXIT.done;
}

function parseRate(text: string): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= 0 && value <= 1e7)) throw new InvalidArgumentError('It is a number of requests a second.');
  return value;
}

function parseScale(text: string): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!(value > 0 && value <= 1e6)) throw new InvalidArgumentError('It is a number above 0.');
  return value;
}

function parsePositive(text: string): Millis {
  const value = parseDurationOption(text);
  if (value <= 0) throw new InvalidArgumentError('It is a duration above 0.');
  return value;
}

function parseFrom(text: string): Instant {
  const value = Date.parse(text);
  if (Number.isNaN(value)) throw new InvalidArgumentError('It is a time such as 2026-05-01T12:00Z.');
  return instant(value);
}
