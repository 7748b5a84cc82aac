/** Checks of records that were read from a file: small, and quick enough for fifty thousand of them. */

/** What a field must be: a kind of value, one of some words, or a check of its own. `?` marks what may be missing. */
export type FieldRule =
  | 'string'
  | 'string?'
  | 'number'
  | 'number?'
  | 'boolean'
  | 'strings'
  | readonly string[]
  | ((value: unknown) => string | undefined);

export type Shape = Readonly<Record<string, FieldRule>>;

/** What is wrong with a record, as `<field> must be <what>`; undefined when nothing is. Further fields do not matter. */
export function shapeProblem(record: unknown, shape: Shape): string | undefined {
  if (typeof record !== 'object' || record === null || Array.isArray(record)) return 'it must be a mapping';
  const fields = record as Readonly<Record<string, unknown>>;
  for (const key in shape) {
    const problem = fieldProblem(fields[key], shape[key] ?? 'string');
    if (problem !== undefined) return `${key} ${problem}`;
  }
  return undefined;
}

/** A rule for a mapping inside a record. */
export function nested(shape: Shape): FieldRule {
  return (value) => {
    const problem = shapeProblem(value, shape);
    return problem === undefined ? undefined : `is wrong: ${problem}`;
  };
}

/** A rule for what may be missing. */
export function optional(rule: FieldRule): FieldRule {
  return (value) => (value === undefined ? undefined : fieldProblem(value, rule));
}

function fieldProblem(value: unknown, rule: FieldRule): string | undefined {
  if (typeof rule === 'function') return rule(value);
  switch (rule) {
    case 'string':
      return typeof value === 'string' ? undefined : 'must be a text';
    case 'string?':
      return value === undefined || typeof value === 'string' ? undefined : 'must be a text';
    case 'number':
      return typeof value === 'number' ? undefined : 'must be a number';
    case 'number?':
      return value === undefined || typeof value === 'number' ? undefined : 'must be a number';
    case 'boolean':
      return typeof value === 'boolean' ? undefined : 'must be true or false';
    case 'strings':
      return Array.isArray(value) && value.every((each) => typeof each === 'string')
        ? undefined
        : 'must be a list of texts';
    default:
      return typeof value === 'string' && rule.includes(value) ? undefined : `must be one of ${rule.join(', ')}`;
  }
}
