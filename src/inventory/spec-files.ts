/** The files of a spec as one: which entries there are, in which file each stands, and the problems found on the way. */
import { glob, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ProjectFileError } from '../model/errors.ts';
import type { SpecProblem } from '../model/errors.ts';
import { checkSchema } from './check-schema.ts';
import type { RawGuards, RawHooks } from './raw/guards.ts';
import type { RawDistribution, RawStore } from './raw/stores.ts';
import { showValue } from './show-value.ts';
import { yamlSource } from './yaml-source.ts';
import type { Anchor, YamlPath, YamlSource } from './yaml-source.ts';

/** Where names are defined; the policies have four kinds, each with names of its own. */
const SECTIONS = [
  'iaas',
  'stores',
  'partitions',
  'cartridges',
  'subscriptions',
  'policies.partition',
  'policies.scaling',
  'policies.idle',
  'policies.rollout',
] as const;
export type Section = (typeof SECTIONS)[number];

/** One named thing of the spec. */
export interface Entry {
  readonly name: string;
  readonly value: unknown;
  readonly source: YamlSource;
  /** The schema accepts it; nothing may be read from `value` otherwise. */
  readonly sound: boolean;
}

/** A part of the spec that has no names. */
export interface Single<T> {
  readonly value: T;
  readonly source: YamlSource;
}

export interface SpecFiles {
  readonly main: YamlSource;
  /** The main file first. */
  readonly sources: readonly YamlSource[];
  readonly entries: Readonly<Record<Section, ReadonlyMap<string, Entry>>>;
  /** `store:`, `guards:`, `hooks:` and `distribution:` where they are given and sound. */
  readonly store: Single<RawStore> | undefined;
  readonly guards: Single<RawGuards> | undefined;
  readonly distribution: Single<RawDistribution> | undefined;
  readonly hooks: Single<RawHooks> | undefined;
  readonly problems: readonly SpecProblem[];
}

/** Text of files in place of what is on disk, by absolute path: an edit is checked before it is written. */
export type Overlay = ReadonlyMap<string, string>;

/**
 * Reads the main file and what it includes, and checks each against the schema.
 * @throws ProjectFileError when a file cannot be read
 */
export async function readSpecFiles(directory: string, file: string, overlay: Overlay = new Map()): Promise<SpecFiles> {
  const path = resolve(directory, file);
  const main = yamlSource(path, await readText(path, overlay, true));
  const problems: SpecProblem[] = [];
  const included = await includes(main, directory, problems);
  const sources = [main];
  for (const each of included) sources.push(yamlSource(each, await readText(each, overlay, false)));

  const entries = Object.fromEntries(SECTIONS.map((section) => [section, new Map<string, Entry>()])) as Record<
    Section,
    Map<string, Entry>
  >;
  const singles = new Map<string, Single<unknown>>();
  for (const source of sources) {
    problems.push(...source.problems);
    if (source.value === undefined) continue;
    if (source.value === null) {
      if (source === main) problems.push(problemAt(source, [], 'The spec is empty: at least apiVersion is needed'));
      continue;
    }
    const found = checkSchema(source);
    problems.push(...found, ...headProblems(source, source === main));
    collect(source, unsoundEntries(found), entries, problems);
    for (const key of ['store', 'guards', 'distribution', 'hooks']) {
      const value = field(source.value, key);
      if (value === undefined || found.some(({ path }) => path === key || path.startsWith(`${key}.`))) continue;
      if (singles.has(key)) problems.push(problemAt(source, [key], `${key} is defined twice`, 'key'));
      singles.set(key, { value, source });
    }
  }
  const store = storeOf(singles.get('store') as Single<RawStore | string> | undefined);
  const guards = singles.get('guards') as Single<RawGuards> | undefined;
  const distribution = singles.get('distribution') as Single<RawDistribution> | undefined;
  const hooks = singles.get('hooks') as Single<RawHooks> | undefined;
  return { main, sources, entries, store, guards, distribution, hooks, problems };
}

/** `store: NAME` is short for its default. */
function storeOf(given: Single<RawStore | string> | undefined): Single<RawStore> | undefined {
  if (!given) return undefined;
  const { value, source } = given;
  return { source, value: typeof value === 'string' ? { default: value } : value };
}

/** A problem of the value at `path` of a file. */
export function problemAt(
  source: YamlSource,
  path: YamlPath,
  message: string,
  anchor: Anchor = 'value',
  suggestion?: string,
): SpecProblem {
  return {
    message,
    path: path.join('.'),
    ...source.locate(path, anchor),
    ...(suggestion === undefined ? {} : { suggestion }),
  };
}

/** Keys from the top of a file to an entry of a section. */
export function entryPath(section: Section, name: string): readonly string[] {
  return [...section.split('.'), name];
}

/** `file:line:column` of an entry. */
export function placeOf(section: Section, entry: Entry): string {
  const { file, line, column } = entry.source.locate(entryPath(section, entry.name), 'key').position;
  return `${file}:${String(line)}:${String(column)}`;
}

/** An own property of what may be a mapping. */
function field(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Record<string, unknown>)[key]
    : undefined;
}

async function readText(path: string, overlay: Overlay, isMain: boolean): Promise<string> {
  const given = overlay.get(path);
  if (given !== undefined) return given;
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
    const reason = code === 'ENOENT' ? 'there is no such file' : `the system refuses it (${code})`;
    throw new ProjectFileError(`Cannot read the spec as ${reason}: ${path}`, {
      cause,
      ...(isMain && code === 'ENOENT' ? { hint: 'stratos init' } : {}),
    });
  }
}

function isMapping(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Files that `include` names, without the main file, each once, sorted. */
async function includes(main: YamlSource, directory: string, problems: SpecProblem[]): Promise<readonly string[]> {
  const patterns: unknown = field(main.value, 'include');
  if (!Array.isArray(patterns)) return [];
  const found = new Set<string>();
  for (const [index, pattern] of patterns.entries()) {
    if (typeof pattern !== 'string') continue;
    let matches = 0;
    for await (const match of glob(pattern, { cwd: directory, withFileTypes: true })) {
      if (match.isDirectory()) continue;
      matches += 1;
      found.add(join(match.parentPath, match.name));
    }
    if (matches === 0 && !/[*?[{]/.test(pattern))
      problems.push(problemAt(main, ['include', index], `There is no such file to include: ${showValue(pattern)}`));
  }
  found.delete(main.path);
  return [...found].sort();
}

function headProblems(source: YamlSource, isMain: boolean): SpecProblem[] {
  if (isMain && field(source.value, 'apiVersion') === undefined && isMapping(source.value))
    return [problemAt(source, [], 'Missing key "apiVersion": the file must begin with apiVersion: stratos/v1', 'key')];
  if (!isMain && field(source.value, 'include') !== undefined)
    return [problemAt(source, ['include'], 'include may stand in the main file only', 'key')];
  return [];
}

/** The entries that have a problem somewhere inside, as `section.name`. */
function unsoundEntries(problems: readonly SpecProblem[]): ReadonlySet<string> {
  const unsound = new Set<string>();
  for (const { path } of problems) {
    const parts = path.split('.');
    for (let length = 1; length <= parts.length; length += 1) unsound.add(parts.slice(0, length).join('.'));
  }
  return unsound;
}

function collect(
  source: YamlSource,
  unsound: ReadonlySet<string>,
  entries: Readonly<Record<Section, Map<string, Entry>>>,
  problems: SpecProblem[],
): void {
  for (const section of SECTIONS) {
    const value = section.split('.').reduce<unknown>(field, source.value);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) continue;
    for (const name of Object.keys(value)) {
      const path = entryPath(section, name);
      const first = entries[section].get(name);
      const entry = { name, value: field(value, name), source, sound: !unsound.has(path.join('.')) };
      if (!first) entries[section].set(name, entry);
      else {
        const message = `${path.join('.')} is defined twice; first at ${placeOf(section, first)}`;
        problems.push(problemAt(source, path, message, 'key'));
      }
    }
  }
}
