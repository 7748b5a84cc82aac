/** Options that every command takes, before or after its name. */
import type { Command } from 'commander';
import { Option } from 'commander';
import type { Millis } from '../model/quantity.ts';
import { millis } from '../model/quantity.ts';
import type { RunLimits } from '../reconcile/deps.ts';
import { parseDurationOption } from './parse-option.ts';

export type OutputFormat = 'table' | 'json' | 'yaml';

export interface GlobalOptions {
  /** As given; undefined: `STRATOS_DIR`, else the working directory. */
  readonly dir?: string;
  readonly output: OutputFormat;
  /** `json`: events as JSON lines on standard error instead of progress. */
  readonly events?: 'json';
  readonly debug: boolean;
  /** No progress, and no text about work that went well. */
  readonly quiet: boolean;
  /** Goes on where a confirmation would be asked for. */
  readonly yes: boolean;
  readonly lockTimeout: Millis;
}

/** Heading of the global options in help. */
export const GLOBAL_HEADING = 'Global options:';

/** Adds the global options; those that are not in `shown` are left out of this command's help. */
export function addGlobalOptions(
  command: Command,
  shown: 'all' | readonly string[] = [],
  except: readonly string[] = [],
): void {
  for (const option of globalOptions()) {
    if (except.includes(option.attributeName())) continue;
    option.helpGroup(GLOBAL_HEADING);
    if (shown !== 'all' && !shown.includes(option.attributeName())) option.hideHelp();
    command.addOption(option);
  }
}

function globalOptions(): Option[] {
  return [
    new Option('--dir <path>', 'project directory (default: $STRATOS_DIR, else the working directory)'),
    new Option('-o, --output <format>', 'how results are printed').choices(['table', 'json', 'yaml']),
    new Option('--events <format>', 'events as JSON lines on standard error').choices(['json']),
    new Option('--lock-timeout <time>', 'how long to wait for the inventory, such as 30s').argParser(
      parseDurationOption,
    ),
    new Option('-q, --quiet', 'only results and problems'),
    new Option('-y, --yes', 'go on without asking'),
    new Option('--no-color', 'no colours (also: NO_COLOR)'),
    new Option('--debug', 'show where an error comes from'),
  ];
}

/** The global options as given at any level; the one nearest to the command's end wins. */
export function globalOptionsOf(command: Command): GlobalOptions {
  const given: Partial<GlobalOptions> = {};
  for (let level: Command | null = command; level; level = level.parent) {
    for (const [name, value] of Object.entries(level.opts<Record<string, unknown>>())) {
      if (GLOBAL_NAMES.has(name) && !(name in given) && value !== undefined) Object.assign(given, { [name]: value });
    }
  }
  return { output: 'table', debug: false, quiet: false, yes: false, lockTimeout: millis(0), ...given };
}

/** A command's own options: what commander gives its action has the global ones among them. */
export function ownOptions<Options extends object>(options: Options): Options {
  return Object.fromEntries(
    Object.entries(options).filter(([name]) => name !== 'color' && !GLOBAL_NAMES.has(name)),
  ) as Options;
}

const GLOBAL_NAMES = new Set(['dir', 'output', 'events', 'debug', 'quiet', 'yes', 'lockTimeout']);

/** Side-by-side VMs of a run that says nothing about it. */
export const DEFAULT_PARALLEL = 64;

/** What bounds a run, from its options. */
export function limitsOf(
  globals: GlobalOptions,
  { signal }: { readonly signal: AbortSignal },
  options: { readonly only?: readonly string[]; readonly parallel?: number } = {},
): RunLimits {
  return {
    only: options.only ?? [],
    lockTimeout: globals.lockTimeout,
    parallel: options.parallel ?? DEFAULT_PARALLEL,
    signal,
  };
}
