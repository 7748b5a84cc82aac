/** One YAML file with its positions kept, so that a problem of a value can be shown where the value stands. */
import { relative } from 'node:path';
import { isAlias, isCollection, isMap, isPair, isScalar, isSeq, LineCounter, parseDocument, visit } from 'yaml';
import type { Document, Node, Pair, YAMLMap } from 'yaml';
import type { SourcePosition, SpecProblem } from '../model/errors.ts';
import { showLine, showValue } from './show-value.ts';

/** Keys and list positions from the top of a file to a value. */
export type YamlPath = readonly (string | number)[];

/** Which part of an entry is meant. */
export type Anchor = 'key' | 'value';

interface Location {
  readonly position: SourcePosition;
  readonly excerpt: string;
}

export interface YamlSource {
  /** Absolute path. */
  readonly path: string;
  readonly text: string;
  readonly document: Document.Parsed;
  /** The content as plain data; undefined when the file is not YAML. */
  readonly value: unknown;
  /** Syntax errors, and keys given twice. */
  readonly problems: readonly SpecProblem[];
  /** Where a value, or the nearest thing above it that is there, stands. */
  locate(path: YamlPath, anchor?: Anchor): Location;
  /** A scalar as it is written: `8.10`, not 8.1. Undefined where there is no plain scalar. */
  written(path: YamlPath): string | undefined;
}

/** Parses YAML 1.2 with merge keys (`<<`). Never throws: what is wrong is in `problems`. */
export function yamlSource(path: string, text: string): YamlSource {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: false, prettyErrors: false, merge: true });
  const index = new WeakMap<YAMLMap, Map<string, Pair>>();

  const at = (offset: number): Location => {
    const { line, col } = lines.linePos(Math.min(offset, text.length));
    const start = lines.lineStarts[Math.max(0, line - 1)] ?? 0;
    const end = text.indexOf('\n', start);
    return {
      position: { file: shownPath(path), line: Math.max(1, line), column: Math.max(1, col) },
      excerpt: showLine(text.slice(start, end === -1 ? text.length : end)),
    };
  };

  const resolved = (node: unknown): unknown => (isAlias(node) ? node.resolve(document) : node);

  const entry = (map: YAMLMap, key: string): Pair | undefined => {
    let pairs = index.get(map);
    if (!pairs) {
      pairs = new Map();
      for (const pair of mergedFirst(map, resolved)) pairs.set(keyText(pair), pair);
      index.set(map, pairs);
    }
    return pairs.get(key);
  };

  const find = (steps: YamlPath): { readonly key?: Node; readonly value?: Node; readonly exact: boolean } => {
    let value: unknown = document.contents;
    let key: unknown;
    for (const step of steps) {
      const parent = resolved(value);
      const pair = isMap(parent) ? entry(parent, String(step)) : undefined;
      const item = isSeq(parent) && typeof step === 'number' ? parent.items[step] : undefined;
      if (!pair && item === undefined) return { ...nodes(key, value), exact: false };
      key = pair?.key;
      value = pair ? pair.value : item;
    }
    return { ...nodes(key, value), exact: true };
  };

  const syntax = document.errors.map((error): SpecProblem => {
    const { position, excerpt } = at(error.pos[0]);
    return { message: `Cannot read YAML: ${sentence(error.message)}`, path: '', position, excerpt };
  });
  const content = syntax.length > 0 ? { value: undefined, problems: [] } : toData(document, at);

  return {
    path,
    text,
    document,
    value: content.value,
    problems: [...syntax, ...content.problems, ...(syntax.length > 0 ? [] : doubleKeys(document, at))],
    locate(steps, anchor = 'value') {
      const { key, value, exact } = find(steps);
      const node = anchor === 'key' || !exact ? (key ?? value) : (value ?? key);
      return at(node?.range?.[0] ?? 0);
    },
    written(steps) {
      const { value, exact } = find(steps);
      const node = resolved(value);
      return exact && isScalar(node) && node.type === 'PLAIN' ? node.source : undefined;
    },
  };
}

/** The path as messages show it: relative to the working directory where the file is below it. */
function shownPath(path: string): string {
  const short = relative('', path);
  return short.startsWith('..') ? path : short;
}

function nodes(key: unknown, value: unknown): { readonly key?: Node; readonly value?: Node } {
  const isNode = (thing: unknown): thing is Node => isScalar(thing) || isCollection(thing) || isAlias(thing);
  return { ...(isNode(key) ? { key } : {}), ...(isNode(value) ? { value } : {}) };
}

/** Pairs that `<<` brings in, then the map's own, which win. */
function mergedFirst(map: YAMLMap, resolved: (node: unknown) => unknown): Pair[] {
  const merged: Pair[] = [];
  for (const pair of map.items) {
    if (keyText(pair) !== '<<') continue;
    const source = resolved(pair.value);
    for (const each of isSeq(source) ? [...source.items].reverse() : [source]) {
      const from = resolved(each);
      if (isMap(from) && from !== map) merged.push(...mergedFirst(from, resolved));
    }
  }
  return [...merged, ...map.items];
}

function keyText(pair: Pair): string {
  if (!isScalar(pair.key)) return collectionText(pair.key);
  // The merge key is a symbol.
  return typeof pair.key.value === 'symbol' ? '<<' : String(pair.key.value);
}

/** A mapping or list as a key, which names nothing of ours; one that merges what cannot be merged has no text. */
function collectionText(key: unknown): string {
  try {
    return String(key);
  } catch {
    return '';
  }
}

function toData(
  document: Document.Parsed,
  at: (offset: number) => Location,
): { value: unknown; problems: SpecProblem[] } {
  const dangling: SpecProblem[] = [];
  visit(document, {
    Alias(_, alias) {
      if (alias.resolve(document)) return;
      const message = `Cannot read YAML: There is no anchor before this alias: ${showValue(alias.source)}`;
      dangling.push({ message, path: '', ...at(alias.range?.[0] ?? 0) });
    },
  });
  if (dangling.length > 0) return { value: undefined, problems: dangling };
  try {
    return { value: document.toJS() ?? null, problems: [] };
  } catch (error) {
    // Aliases of aliases that would grow without end.
    const message = `Cannot read YAML: ${sentence(String(error))}`;
    return { value: undefined, problems: [{ message, path: '', ...at(0) }] };
  }
}

/** Keys that stand twice in one mapping; YAML would silently keep the last. */
function doubleKeys(document: Document.Parsed, at: (offset: number) => Location): SpecProblem[] {
  const problems: SpecProblem[] = [];
  visit(document, {
    Map(_, map, parents) {
      const seen = new Map<string, number>();
      for (const pair of map.items) {
        const key = keyText(pair);
        const offset = isScalar(pair.key) ? (pair.key.range?.[0] ?? 0) : 0;
        const first = seen.get(key);
        if (first === undefined) seen.set(key, offset);
        else if (key !== '<<') {
          const { file, line, column } = at(first).position;
          const path = [...parents.flatMap((node) => (isPair(node) ? [keyText(node)] : [])), key].join('.');
          const message = `${showValue(key)} is defined twice; first at ${file}:${String(line)}:${String(column)}`;
          problems.push({ message, path, ...at(offset) });
        }
      }
    },
  });
  return problems;
}

function sentence(message: string): string {
  const line = message.split('\n')[0] ?? '';
  return showLine(line.replace(/^\w*Error: /, '').replace(/[.:]$/, ''));
}
