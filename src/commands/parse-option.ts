/** Parsers of option values; what they refuse ends with exit code 64 and the option's name. */
import { InvalidArgumentError, Option } from 'commander';
import type { Instant, Millis } from '../model/quantity.ts';
import { formatDuration, instant, parseDuration } from '../model/quantity.ts';

/** `30s`, `5m`, `1h30m`. */
export function parseDurationOption(text: string): Millis {
  const value = parseDuration(text);
  if (value === undefined) throw new InvalidArgumentError('It is a duration such as 30s, 5m or 1h30m.');
  return value;
}

/** An option with a duration that it has by itself; help shows it in words (`10s`). */
export function durationOption(
  flags: string,
  description: string,
  parse: (text: string) => Millis,
  fallback: Millis,
): Option {
  return new Option(flags, description).argParser(parse).default(fallback, formatDuration(fallback));
}

/** A pause between rounds: less than a second would only be load. */
export function parseInterval(text: string): Millis {
  const value = parseDurationOption(text);
  if (value < 1000) throw new InvalidArgumentError('It is a duration of 1s or more.');
  return value;
}

/** A whole number in bounds. */
export function parseWhole(min: number, max = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= min && value <= max)) {
      const bounds = max === Number.MAX_SAFE_INTEGER ? `from ${String(min)}` : `from ${String(min)} to ${String(max)}`;
      throw new InvalidArgumentError(`It is a whole number ${bounds}.`);
    }
    return value;
  };
}

/** A point in time: ISO 8601, or how long ago (`2h`). */
export function parseSince(now: () => number): (text: string) => Instant {
  return (text) => {
    const ago = parseDuration(text);
    const value = ago === undefined ? Date.parse(text) : now() - ago;
    if (Number.isNaN(value)) {
      throw new InvalidArgumentError('It is a time such as 2026-05-01T12:00Z, or how long ago, such as 2h.');
    }
    return instant(value);
  };
}

/** Collects an option that may be given several times, or with commas. */
export function collect(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, ...text.split(',').filter((part) => part !== '')];
}

/** A variable of a process: `NAME=value`, or `NAME` alone for the value that it has on this machine when it is needed. */
export interface EnvSetting {
  readonly name: string;
  readonly value?: string;
}

/** Collects `--env` options. */
export function collectEnv(text: string, before: readonly EnvSetting[] = []): readonly EnvSetting[] {
  const match = /^([A-Za-z_][A-Za-z0-9_]*)(?:=([\s\S]*))?$/.exec(text);
  const [, name, value] = match ?? [];
  if (name === undefined) throw new InvalidArgumentError('It is NAME=value, or NAME for a variable of this machine.');
  return [...before, { name, ...(value === undefined ? {} : { value }) }];
}
