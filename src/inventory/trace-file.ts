/** Reading a load over time from a CSV file. */
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { codeOf } from '../host/code-of.ts';
import { ProjectFileError } from '../model/errors.ts';
import { instant } from '../model/quantity.ts';
import type { Trace } from '../simulate/workload.ts';
import { showValue } from './show-value.ts';

/**
 * Traces by alias; under `''` the one for every subscription, where the file has no column `alias`. The first line names the
 * columns: `time` (seconds, or ISO 8601), `alias`, and signals; an empty field keeps the value before it. Lines that begin with # are
 * left out. @throws ProjectFileError with the line
 */
export async function readTrace(path: string): Promise<Readonly<Record<string, Trace>>> {
  return parseTrace(basename(path), path, await textOf(path));
}

/** {@link readTrace} of a text. */
export async function parseTrace(name: string, path: string, text: string): Promise<Readonly<Record<string, Trace>>> {
  const { parse, CsvError } = await import('csv-parse/sync');
  const wrong = (line: number, reason: string): ProjectFileError =>
    new ProjectFileError(`Cannot read the trace as ${reason}: ${path}:${String(line)}`, { hint: 'docs/simulation.md' });
  let records: readonly Line[];
  try {
    // Its types do not know `info`.
    records = parse(text, {
      bom: true,
      trim: true,
      comment: '#',
      comment_no_infix: true,
      info: true,
      skip_empty_lines: true,
    }) as unknown as readonly Line[];
  } catch (error) {
    if (error instanceof CsvError) throw wrong(typeof error.lines === 'number' ? error.lines : 1, reasonOf(error));
    throw error;
  }
  const [head, ...lines] = records;
  if (!head) throw wrong(1, 'it is empty');
  const columns = columnsOf(head, wrong);
  if (lines.length === 0) throw wrong(head.info.lines, 'it has no line of values');
  const builders = new Map<string, Builder>();
  for (const { record, info } of lines) addLine(builders, columns, record, (reason) => wrong(info.lines, reason));
  return Object.fromEntries([...builders].map(([alias, builder]) => [alias, traceOf(name, builder)]));
}

interface Line {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

interface Columns {
  readonly time: number;
  readonly alias: number;
  readonly signals: ReadonlyMap<string, number>;
}

/** One trace while it is read. */
interface Builder {
  readonly first: { readonly at: number; readonly isDate: boolean };
  readonly times: number[];
  readonly values: Map<string, number[]>;
}

function columnsOf({ record, info }: Line, wrong: (line: number, reason: string) => ProjectFileError): Columns {
  const twice = record.find((name, index) => record.indexOf(name) < index);
  if (twice !== undefined) throw wrong(info.lines, `it has two columns ${showValue(twice)}`);
  const time = record.indexOf('time');
  if (time < 0) throw wrong(info.lines, `its first line has no column "time"`);
  const signals = new Map(
    record.flatMap((name, index) =>
      name === 'time' || name === 'alias' || name === '' ? [] : [[name, index] as const],
    ),
  );
  if (signals.size === 0) throw wrong(info.lines, 'it has no column of a signal, such as requestsPerSecond');
  if (!signals.has('requestsPerSecond') && !signals.has('requestsInFlight'))
    throw wrong(info.lines, 'it has neither a column requestsPerSecond nor one requestsInFlight');
  return { time, alias: record.indexOf('alias'), signals };
}

function addLine(
  builders: Map<string, Builder>,
  columns: Columns,
  record: readonly string[],
  wrong: (reason: string) => ProjectFileError,
): void {
  const written = record[columns.time] ?? '';
  const isDate = !/^-?[0-9]+(\.[0-9]+)?$/.test(written);
  const at = isDate ? Date.parse(written) : Number(written) * 1000;
  if (!Number.isFinite(at)) throw wrong(`its time is neither seconds nor ISO 8601 (${showValue(written)})`);
  const alias = columns.alias < 0 ? '' : (record[columns.alias] ?? '');
  if (columns.alias >= 0 && alias === '') throw wrong('a line has no alias');
  const builder = builders.get(alias) ?? { first: { at, isDate }, times: [], values: new Map<string, number[]>() };
  builders.set(alias, builder);
  if (isDate !== builder.first.isDate) throw wrong('some of its times are seconds and some are dates');
  const time = at - builder.first.at;
  if (builder.times.length > 0 && time <= (builder.times.at(-1) ?? 0))
    throw wrong(`its times do not rise (${showValue(written)})`);
  builder.times.push(time);
  for (const [signal, index] of columns.signals) {
    const field = record[index] ?? '';
    const values = builder.values.get(signal) ?? [];
    const value = field === '' ? (values.at(-1) ?? 0) : Number(field);
    if (!Number.isFinite(value) || value < 0)
      throw wrong(`${signal} is not a number of 0 or more (${showValue(field)})`);
    values.push(value);
    builder.values.set(signal, values);
  }
}

function traceOf(name: string, { first, times, values }: Builder): Trace {
  return { name, ...(first.isDate ? { start: instant(first.at) } : {}), times, columns: Object.fromEntries(values) };
}

function reasonOf(error: Error): string {
  const [first = ''] = error.message.split(/[:,]/);
  return `it is not CSV (${first})`;
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const code = codeOf(cause);
    const reason = code === 'ENOENT' ? 'there is no such file' : `the system refuses it (${code})`;
    throw new ProjectFileError(`Cannot read the trace as ${reason}: ${path}`, { cause });
  }
}
