/** Turns what the schema refuses into problems that say what is expected, what is there, and where. */
import type { SpecProblem } from '../model/errors.ts';
import { validateSpec } from './generated/validate-spec.js';
import type { SchemaError } from './generated/validate-spec.js';
import { showValue } from './show-value.ts';
import { suggest } from './suggest.ts';
import type { Anchor, YamlPath, YamlSource } from './yaml-source.ts';

/** All problems of one file against the schema, in the order of the file. */
export function checkSchema(source: YamlSource): readonly SpecProblem[] {
  if (validateSpec(source.value)) return [];
  const seen = new Set<string>();
  return (validateSpec.errors ?? [])
    .flatMap((error) => toProblem(error, source) ?? [])
    .filter(({ path, message }) => {
      const key = `${path}\n${message}`;
      return !seen.has(key) && seen.add(key);
    })
    .sort(
      (a, b) =>
        (a.position?.line ?? 0) - (b.position?.line ?? 0) || (a.position?.column ?? 0) - (b.position?.column ?? 0),
    );
}

function toProblem(error: SchemaError, source: YamlSource): SpecProblem | undefined {
  const path = pointer(error.instancePath, source.value);
  const value = path.reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], source.value);
  const schema = error.parentSchema ?? {};
  const make = (at: YamlPath, anchor: Anchor, message: string, suggestion?: string): SpecProblem => ({
    message,
    path: at.join('.'),
    ...source.locate(at, anchor),
    ...(suggestion === undefined ? {} : { suggestion }),
  });
  const name = path.length === 0 ? 'The spec' : path.map((key) => shortKey(key)).join('.');

  if (error.propertyName !== undefined) {
    const at = [...path, error.propertyName];
    return make(at, 'key', `${what(path)} must be ${schema.title ?? 'right'}: ${showValue(error.propertyName)}`);
  }
  switch (error.keyword) {
    case 'propertyNames':
    case 'if':
    case 'oneOf':
      return undefined;
    case 'additionalProperties': {
      const key = String(error.params.additionalProperty);
      const where = path.length === 0 ? '' : ` in ${name}`;
      const suggestion = suggest(key, Object.keys(schema.properties ?? {}));
      return make([...path, key], 'key', `Unknown key ${showValue(key)}${where}`, suggestion);
    }
    case 'required': {
      const key = String(error.params.missingProperty);
      return make(path, 'key', `Missing key ${showValue(key)} in ${name}`);
    }
    case 'discriminator': {
      // `#/$defs/iaasLocal` is of kind `local`.
      const kinds = (schema.oneOf ?? []).map(({ $ref = '' }) => $ref.replace(/^#\/\$defs\/[a-z]+/, '').toLowerCase());
      const kind = (value as Record<string, unknown> | undefined)?.kind;
      if (kind === undefined) return undefined; // said by `required`
      const text = typeof kind === 'string' ? suggest(kind, kinds) : undefined;
      return make(
        [...path, 'kind'],
        'value',
        `${name}.kind must be one of ${kinds.join(', ')}: ${showValue(kind)}`,
        text,
      );
    }
    case 'enum': {
      const allowed = (error.params.allowedValues as readonly string[] | undefined) ?? [];
      const text = typeof value === 'string' ? suggest(value, allowed) : undefined;
      return make(path, 'value', `${name} must be ${allowed.join(' or ')}: ${showValue(value)}`, text);
    }
    case 'minProperties':
    case 'minItems':
      return make(path, 'value', `${name} must not be empty: it is ${schema.title ?? 'a mapping'}`);
    default:
      if (schema.writeOnly === true) {
        const {
          message,
          path: at,
          position,
        } = make(path, 'value', `${name} must be ${schema.title ?? 'a reference'}, not the secret itself`);
        return { message, path: at, ...(position && { position }) };
      }
      return make(path, 'value', `${name} must be ${schema.title ?? 'of another form'}: ${showValue(value)}`);
  }
}

/** What a key of the mapping at `path` is. */
function what(path: YamlPath): string {
  const last = path.at(-1);
  if (last === 'env') return `A key of ${path.join('.')}`;
  return last === 'subscriptions' ? 'An alias' : `A name in ${path.join('.')}`;
}

function shortKey(key: string | number): string {
  const text = String(key);
  return /^[\w.-]{1,60}$/.test(text) ? text : showValue(text, 40);
}

/** Reads a JSON pointer; positions of lists become numbers. */
function pointer(text: string, root: unknown): YamlPath {
  let at: unknown = root;
  return text
    .split('/')
    .slice(1)
    .map((part) => {
      const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
      const step = Array.isArray(at) ? Number(key) : key;
      at = (at as Record<string, unknown> | undefined)?.[key];
      return step;
    });
}
