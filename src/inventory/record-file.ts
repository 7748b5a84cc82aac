/**
 * Files of many records: YAML for people, and fast for us. Each record is a flow mapping on a line of its own, which is YAML
 * and JSON at once, so that JSON.parse reads in milliseconds what a YAML parser reads in seconds. Where somebody edited the
 * file into another form, a YAML parser reads it after all.
 */
import { ProjectFileError } from '../model/errors.ts';
import { escapeUnseen, showLine } from './show-value.ts';

export interface RecordFile {
  /** Keys with one value each. */
  readonly head: Readonly<Record<string, string | number>>;
  /** Keys with records, in order. */
  readonly sections: Readonly<Record<string, readonly object[]>>;
}

export interface ParsedRecordFile {
  readonly head: Readonly<Record<string, unknown>>;
  readonly sections: Readonly<Record<string, readonly unknown[]>>;
  /** `file:line` of a record. */
  position(section: string, index: number): string;
}

/** Writes a record file; `comment` stands at its top. */
export function formatRecordFile(comment: readonly string[], file: RecordFile): string {
  const lines = comment.map((line) => `# ${line}`);
  for (const [key, value] of Object.entries(file.head)) lines.push(`${key}: ${scalar(value)}`);
  for (const [key, records] of Object.entries(file.sections)) {
    lines.push(records.length === 0 ? `${key}: []` : `${key}:`);
    for (const record of records) lines.push(`  - ${escapeUnseen(JSON.stringify(record))}`);
  }
  return `${lines.join('\n')}\n`;
}

/**
 * Reads a record file, or any YAML or JSON of the same content.
 * @throws ProjectFileError when it is neither
 */
export async function parseRecordFile(path: string, text: string): Promise<ParsedRecordFile> {
  return parseLines(path, text) ?? (await parseYaml(path, text));
}

/** Values of the head only, from the first lines of a file: `serial` of a large file without reading it. */
export function parseHead(text: string): Readonly<Record<string, unknown>> {
  const head: Record<string, unknown> = {};
  for (const line of text.split('\n')) {
    const match = HEAD.exec(line);
    if (match?.[1] !== undefined && match[2] !== undefined) head[match[1]] = plain(match[2]);
    else if (!line.startsWith('#')) break;
  }
  return head;
}

const HEAD = /^(\w+): ("(?:[^"\\]|\\.)*"|[\w./-]+)$/;
const SECTION = /^(\w+):( \[\])?$/;

/** A word that YAML reads as itself stands bare. */
function scalar(value: string | number): string {
  return typeof value === 'string' && /^[A-Za-z]+(\/v\d+)?$/.test(value) ? value : escapeUnseen(JSON.stringify(value));
}

function plain(text: string): unknown {
  return /^("|-?\d+$)/.test(text) ? JSON.parse(text) : text;
}

/** The form we write; undefined for any other. */
function parseLines(path: string, text: string): ParsedRecordFile | undefined {
  const head: Record<string, unknown> = {};
  const sections: Record<string, unknown[]> = {};
  const lineOf: Record<string, number[]> = {};
  let records: unknown[] | undefined;
  let lines: number[] = [];
  try {
    for (const [index, line] of text.split('\n').entries()) {
      if (line.startsWith('  - {')) {
        if (!records) return undefined;
        records.push(JSON.parse(line.slice(4)));
        lines.push(index + 1);
        continue;
      }
      if (line === '' || line.startsWith('#')) continue;
      const section = SECTION.exec(line);
      const pair = HEAD.exec(line);
      const key = section?.[1] ?? pair?.[1];
      if (key === undefined || Object.hasOwn(head, key) || Object.hasOwn(sections, key)) return undefined;
      records = undefined;
      if (pair) head[key] = plain(pair[2] ?? '');
      else {
        lines = lineOf[key] = [];
        sections[key] = [];
        if (section?.[2] === undefined) records = sections[key];
      }
    }
  } catch {
    return undefined;
  }
  return { head, sections, position: (section, index) => `${path}:${String(lineOf[section]?.[index] ?? 1)}` };
}

async function parseYaml(path: string, text: string): Promise<ParsedRecordFile> {
  const { yamlSource } = await import('./yaml-source.ts');
  const source = yamlSource(path, text);
  const [problem] = source.problems;
  if (problem) {
    const line = String(problem.position?.line ?? 1);
    throw new ProjectFileError(
      `Cannot read ${path} as it is not the YAML it should be: line ${line}: ${problem.message}`,
    );
  }
  if (typeof source.value !== 'object' || source.value === null || Array.isArray(source.value))
    throw new ProjectFileError(
      `Cannot read ${path} as it is not a mapping: ${showLine(text.split('\n')[0] ?? '', 60)}`,
    );
  const head: Record<string, unknown> = {};
  const sections: Record<string, unknown[]> = {};
  for (const [key, value] of Object.entries(source.value as Record<string, unknown>)) {
    if (Array.isArray(value)) sections[key] = value;
    else head[key] = value;
  }
  return {
    head,
    sections,
    position: (section, index) => `${path}:${String(source.locate([section, index]).position.line)}`,
  };
}
