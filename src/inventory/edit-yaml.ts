/**
 * Changes one entry of a YAML text and leaves every other byte as it is: comments, order, blank lines, quotes. Where an entry
 * stands in a form that cannot be changed so, the document is written anew, which keeps comments and order, not the spacing.
 */
import { isDeepStrictEqual } from 'node:util';
import { isAlias, isMap, isScalar, isSeq, parseDocument, stringify } from 'yaml';
import type { Node, Pair, YAMLMap } from 'yaml';
import { ProjectFileError } from '../model/errors.ts';
import { yamlSource } from './yaml-source.ts';
import type { YamlSource } from './yaml-source.ts';

type Path = readonly [string, ...string[]];

/**
 * The text with `value` at `path`; mappings on the way are made.
 * @throws ProjectFileError when something on the way is a YAML alias: it stands for several places
 */
export function setInYaml(source: YamlSource, path: Path, value: unknown): string {
  const expected = changed(source.value, path, value);
  const spliced = spliceSet(source, path, value);
  if (spliced !== undefined && holds(source.path, spliced, expected)) return spliced;
  const document = parseDocument(source.text, { merge: true });
  document.setIn(path, document.createNode(value, { flow: true }));
  return document.toString({ lineWidth: 0 });
}

/** The text without the entry at `path` and the comment directly above it. */
export function removeFromYaml(source: YamlSource, path: Path): string {
  const expected = changed(source.value, path, undefined);
  const spliced = spliceRemove(source, path);
  if (spliced !== undefined && holds(source.path, spliced, expected)) return spliced;
  const document = parseDocument(source.text, { merge: true });
  document.deleteIn(path);
  return document.toString({ lineWidth: 0 });
}

function spliceSet(source: YamlSource, path: Path, value: unknown): string | undefined {
  const { text } = source;
  let parent: Node | null = source.document.contents;
  let above: Pair | undefined;
  for (const [depth, key] of path.entries()) {
    refuseAlias(source, path, parent);
    if (isMap(parent)) {
      const pair = own(parent, key);
      if (!pair) return insertInto(text, parent, above, path.slice(depth), value);
      if (depth === path.length - 1) return replaceValue(text, parent, pair, key, value);
      above = pair;
      parent = pair.value as Node | null;
      continue;
    }
    // A key without a value: `subscriptions:`.
    if (above && (parent === null || (isScalar(parent) && parent.value === null)))
      return insertLines(
        text,
        lineEnd(text, endOf(above.key as Node)),
        columnOf(text, above) + 2,
        path.slice(depth),
        value,
        true,
      );
    return undefined;
  }
  return undefined;
}

function replaceValue(text: string, parent: YAMLMap, pair: Pair, key: string, value: unknown): string | undefined {
  const node = pair.value as Node | null;
  const [start, end] = node?.range ?? [0, 0];
  const inner = flowEntry(key, value).slice(flowEntry(key, null).length - 'null'.length);
  if (start === end) return undefined;
  return parent.flow === true || !isBlock(node) ? text.slice(0, start) + inner + text.slice(end) : undefined;
}

function insertInto(
  text: string,
  map: YAMLMap,
  above: Pair | undefined,
  keys: readonly string[],
  value: unknown,
): string | undefined {
  const last = map.items.at(-1);
  if (map.flow === true) {
    const [key = '', ...rest] = keys;
    const entry = flowEntry(key, nest(rest, value));
    const [start, end] = map.range ?? [0, 0];
    if (last) {
      const at = endOf((last.value ?? last.key) as Node);
      return `${text.slice(0, at)}, ${entry}${text.slice(at)}`;
    }
    // The first entry of an empty section begins a block, as a person would write it.
    if (above && columnOf(text, above) === 0 && text.slice(start, end) === '{}') {
      const bare = text.slice(0, start).trimEnd() + text.slice(end);
      return insertLines(bare, lineEnd(bare, endOf(above.key as Node)), 2, keys, value, true);
    }
    return `${text.slice(0, start)}{ ${entry} }${text.slice(end)}`;
  }
  if (!last) return undefined;
  // An entry looks like the one before it.
  const flow = keys.length > 1 || !isObject(value) || !isBlock(last.value as Node | null);
  return insertLines(
    text,
    lineEnd(text, endOf((last.value ?? last.key) as Node)),
    columnOf(text, last),
    keys,
    value,
    flow,
  );
}

/** Adds an entry of a block mapping as lines of its own; of several keys, each is inside the one before. */
function insertLines(
  text: string,
  at: number,
  indent: number,
  keys: readonly string[],
  value: unknown,
  flow: boolean,
): string {
  const [key = ''] = keys.slice(-1);
  const outer = keys.slice(0, -1).map((name, depth) => `${' '.repeat(2 * depth)}${name}:`);
  const entry = flow ? flowEntry(key, value) : stringify({ [key]: value }, { lineWidth: 0 }).trimEnd();
  const inner = entry.split('\n').map((line) => ' '.repeat(2 * outer.length) + line);
  const lines = [...outer, ...inner].map((line) => ' '.repeat(indent) + line);
  const before = text.slice(0, at);
  return `${before}${before === '' || before.endsWith('\n') ? '' : '\n'}${lines.join('\n')}\n${text.slice(at)}`;
}

function spliceRemove(source: YamlSource, path: Path): string | undefined {
  const { text } = source;
  let parent: Node | null = source.document.contents;
  for (const key of path.slice(0, -1)) {
    refuseAlias(source, path, parent);
    parent = isMap(parent) ? ((own(parent, key)?.value as Node | null | undefined) ?? null) : null;
  }
  refuseAlias(source, path, parent);
  if (!isMap(parent)) return undefined;
  const index = parent.items.findIndex((pair) => keyOf(pair) === path.at(-1));
  const pair = parent.items[index];
  if (!pair) return undefined;
  const start = startOf(pair);
  const end = endOf((pair.value ?? pair.key) as Node);
  const [before, after] = [parent.items[index - 1], parent.items[index + 1]];
  if (parent.flow === true) {
    if (after) return text.slice(0, start) + text.slice(startOf(after));
    if (before) return text.slice(0, endOf((before.value ?? before.key) as Node)) + text.slice(end);
    return text.slice(0, start).trimEnd() + text.slice(end).trimStart();
  }
  return text.slice(0, withComment(text, lineStart(text, start))) + text.slice(lineEnd(text, end));
}

/** Start of the comment lines directly above a line, with the same indentation. */
function withComment(text: string, at: number): number {
  const indent = /^ */.exec(text.slice(at))?.[0].length ?? 0;
  let start = at;
  while (start > 0) {
    const previous = lineStart(text, start - 1);
    const line = text.slice(previous, start);
    if (!/^ *#/.test(line) || (/^ */.exec(line)?.[0].length ?? 0) !== indent) break;
    start = previous;
  }
  return start;
}

function refuseAlias(source: YamlSource, path: Path, node: Node | null): void {
  if (isAlias(node))
    throw new ProjectFileError(
      `Cannot edit ${path.join('.')} as it is a YAML alias, which stands for several places: ${source.path}`,
    );
}

/** `key: value` as it stands inside a flow mapping; good in a block mapping too. */
function flowEntry(key: string, value: unknown): string {
  return stringify({ [key]: value }, { collectionStyle: 'flow', lineWidth: 0 })
    .trim()
    .slice(2, -2);
}

/** End of the last token of a node, without comments and line breaks after it. */
function endOf(node: Node): number {
  if (isMap(node) && node.flow !== true) {
    const last = node.items.at(-1);
    if (last) return endOf((last.value ?? last.key) as Node);
  }
  if (isSeq(node) && node.flow !== true) {
    const last = node.items.at(-1) as Node | undefined;
    if (last) return endOf(last);
  }
  return node.range?.[1] ?? 0;
}

function startOf(pair: Pair): number {
  return (pair.key as Node).range?.[0] ?? 0;
}

function columnOf(text: string, pair: Pair): number {
  return startOf(pair) - lineStart(text, startOf(pair));
}

function lineStart(text: string, at: number): number {
  return text.lastIndexOf('\n', at - 1) + 1;
}

/** Start of the line after the one that `at` is on. */
function lineEnd(text: string, at: number): number {
  if (at > 0 && text[at - 1] === '\n') return at;
  const next = text.indexOf('\n', at);
  return next === -1 ? text.length : next + 1;
}

function isBlock(node: Node | null): boolean {
  return (isMap(node) || isSeq(node)) && node.flow !== true;
}

function own(map: YAMLMap, key: string): Pair | undefined {
  return map.items.find((pair) => keyOf(pair) === key);
}

function keyOf(pair: Pair): string {
  return isScalar(pair.key) ? String(pair.key.value) : '';
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function nest(keys: readonly string[], value: unknown): unknown {
  return keys.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);
}

/** The data as it must be after the change; `undefined` removes. */
function changed(data: unknown, path: readonly string[], value: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  const copy = isObject(data) ? { ...data } : {};
  const inner = changed(Object.hasOwn(copy, key) ? copy[key] : undefined, rest, value);
  if (inner !== undefined) return { ...copy, [key]: inner };
  return Object.fromEntries(Object.entries(copy).filter(([name]) => name !== key));
}

/** Whether a text is YAML with this content; an empty mapping and a key without a value are the same. */
function holds(path: string, text: string, expected: unknown): boolean {
  const source = yamlSource(path, text);
  return source.problems.length === 0 && isDeepStrictEqual(plain(source.value), plain(expected));
}

function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (!isObject(value)) return value ?? null;
  const entries = Object.entries(value);
  return entries.length === 0 ? null : Object.fromEntries(entries.map(([key, inner]) => [key, plain(inner)]));
}
