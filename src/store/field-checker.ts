/** Taking values out of what YAML gave, with every problem noted on the way. */
import { suggest } from '../inventory/suggest.ts';
import type { SourcePosition, SpecProblem } from '../model/errors.ts';

/** Where a value of the file stands; undefined when the reader does not know. */
export type Locate = (path: Path) => { readonly position: SourcePosition; readonly excerpt: string } | undefined;

/** Keys and list numbers from the top of the file. */
export type Path = readonly (string | number)[];
type Fields = Readonly<Record<string, unknown>>;

/** Collects problems while it takes values out of what YAML gave. */
export class FieldChecker {
  readonly #problems: SpecProblem[];
  readonly #locate: Locate;
  constructor(problems: SpecProblem[], locate: Locate) {
    this.#problems = problems;
    this.#locate = locate;
  }

  problem(path: Path, message: string, suggestion?: string): void {
    const dotted = path.join('.');
    if (this.#problems.some((known) => known.path === dotted && known.message === message)) return;
    this.#problems.push({
      message,
      path: dotted,
      ...this.#locate(path),
      ...(suggestion !== undefined && { suggestion }),
    });
  }

  object(value: unknown, path: Path, keys: readonly string[]): Fields | undefined {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      this.problem(path, `${path.length === 0 ? 'a cartridge file' : path.join('.')} is a mapping`);
      return undefined;
    }
    for (const key of Object.keys(value)) {
      if (keys.includes(key)) continue;
      this.problem([...path, key], `unknown key: ${key}`, suggest(key, keys));
    }
    return value as Fields;
  }

  text(fields: Fields, path: Path, preset?: string): string | undefined {
    const value = fields[String(path.at(-1))];
    if (value === undefined && preset !== undefined) return preset;
    if (value === undefined) this.problem(path, `${path.join('.')} is missing`);
    else if (typeof value !== 'string' && typeof value !== 'number') this.problem(path, `${path.join('.')} is a text`);
    else if (String(value).includes('\0')) this.problem(path, `${path.join('.')} has a null character`);
    else return String(value);
    return undefined;
  }

  list(fields: Fields, path: Path): readonly unknown[] {
    const value = fields[String(path.at(-1))];
    if (value === undefined || value === null) return [];
    if (Array.isArray(value)) return value;
    this.problem(path, `${path.join('.')} is a list`);
    return [];
  }

  texts(fields: Fields, path: Path, pattern?: RegExp, rule?: string): readonly string[] {
    return this.list(fields, path).map((value, i) => {
      const text = typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
      if (text === undefined || text.includes('\0')) this.problem([...path, i], `${path.join('.')} is a list of texts`);
      else if (pattern && !pattern.test(text)) this.problem([...path, i], `${rule ?? 'it has a wrong form'}: ${text}`);
      return text ?? '';
    });
  }

  map(fields: Fields, path: Path, key: RegExp): Readonly<Record<string, string>> {
    const value = fields[String(path.at(-1))];
    if (value === undefined || value === null) return {};
    if (typeof value !== 'object' || Array.isArray(value)) {
      this.problem(path, `${path.join('.')} is a mapping`);
      return {};
    }
    return Object.fromEntries(
      Object.entries(value).map(([name, entry]: [string, unknown]) => {
        if (!key.test(name)) this.problem([...path, name], `${path.join('.')} has a name of a wrong form: ${name}`);
        if (!['string', 'number', 'boolean'].includes(typeof entry)) this.problem([...path, name], `${name} is a text`);
        return [name, String(entry)];
      }),
    );
  }

  port(value: unknown, path: Path): number {
    if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 65_535) return value;
    this.problem(path, `a port is a number of 1 to 65535: ${JSON.stringify(value)}`);
    return 0;
  }
}
