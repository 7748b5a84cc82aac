/**
 * Google's own description of the Compute Engine API, as it is shipped in `@google-cloud/compute`: which method a request means, and
 * whether a document has the form of a message. Unknown paths, parameters and fields, wrong types and missing required fields
 * are told, not guessed.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

interface Field {
  readonly type: string;
  readonly rule?: 'repeated';
  readonly keyType?: string;
  readonly options?: Readonly<Record<string, unknown>>;
}
interface Node {
  readonly fields?: Readonly<Record<string, Field>>;
  readonly values?: Readonly<Record<string, number>>;
  readonly methods?: Readonly<Record<string, Method>>;
  readonly nested?: Readonly<Record<string, Node>>;
}
interface Method {
  readonly requestType: string;
  readonly responseType: string;
  readonly options: Readonly<Record<string, string>>;
}
type Message = Node & { readonly fields: NonNullable<Node['fields']> };

/** A request that the description knows. */
export interface Known {
  /** `Instances.Insert`. */
  readonly method: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly responseType: string;
  /** What is wrong with its parameters and its body. */
  readonly problems: readonly string[];
}

export interface Descriptors {
  /** Undefined: there is no such path. */
  match(verb: string, url: URL, body: unknown): Known | undefined;
  /** What a document lacks of a message. */
  problems(type: string, value: unknown): readonly string[];
}

const require = createRequire(import.meta.url);
const file = require.resolve('@google-cloud/compute/build/protos/protos.json');

/** Reads the description. */
export function readDescriptors(): Descriptors {
  let node: Node = JSON.parse(readFileSync(file, 'utf8')) as Node;
  for (const name of ['google', 'cloud', 'compute', 'v1']) node = node.nested?.[name] ?? {};
  const types = node.nested ?? {};
  const routes = Object.entries(types).flatMap(([service, { methods = {} }]) =>
    Object.entries(methods).flatMap(([name, method]) => routeOf(`${service}.${name}`, method)),
  );
  const messageOf = (type: string): Message => {
    const found = types[type];
    if (!found?.fields) throw new Error(`No message ${type}`);
    return { ...found, fields: found.fields };
  };

  function document(type: string, value: unknown, at: string): readonly string[] {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return [`${at} must be a ${type}`];
    const message = messageOf(type);
    const missing = Object.entries(message.fields)
      .filter(([name, field]) => isRequired(field) && !(name in value))
      .map(([name]) => `${at}.${name} is required in ${type}`);
    const wrong = Object.entries(value).flatMap(([name, each]) => {
      const field = message.fields[name];
      return field ? entry(message, name, field, each, `${at}.${name}`) : [`${at}.${name} is not in ${type}`];
    });
    return [...missing, ...wrong];
  }

  function entry(message: Message, name: string, field: Field, value: unknown, at: string): readonly string[] {
    const one = (each: unknown, where: string): readonly string[] => single(message, name, field.type, each, where);
    if (field.rule === 'repeated')
      return Array.isArray(value)
        ? value.flatMap((each, n) => one(each, `${at}.${String(n)}`))
        : [`${at} must be a list`];
    if (field.keyType === undefined) return one(value, at);
    if (typeof value !== 'object' || value === null) return [`${at} must be a mapping`];
    return Object.entries(value).flatMap(([key, each]) => one(each, `${at}.${key}`));
  }

  function single(message: Message, name: string, type: string, value: unknown, at: string): readonly string[] {
    // Most enums are texts there, with a list of their values beside.
    const listed = message.nested?.[type] ?? message.nested?.[name.charAt(0).toUpperCase() + name.slice(1)];
    const right = SCALARS[type]?.(value);
    if (right === false) return [`${at} must be a ${type}: ${JSON.stringify(value)}`];
    if (listed?.values && (type === 'string' || message.nested?.[type]))
      return typeof value === 'string' && value in listed.values ? [] : [`${at} has no value ${JSON.stringify(value)}`];
    return right === true ? [] : document(type, value, at);
  }

  return {
    match(verb, url, body) {
      const found = routes.find((route) => route.verb === verb.toLowerCase() && route.pattern.test(url.pathname));
      if (!found) return undefined;
      const { method, name, pattern, bodyField } = found;
      const parameters = { ...pattern.exec(url.pathname)?.groups };
      const { fields } = messageOf(method.requestType);
      const query = [...url.searchParams].flatMap(([key, text]) => {
        const field = fields[key];
        if (!field || key in parameters || key === bodyField) return [`${key} is no parameter of ${name}`];
        return QUERY[field.type]?.test(text) === false ? [`${key} must be a ${field.type}: ${text}`] : [];
      });
      const missing = Object.entries(fields)
        .filter(([key, field]) => isRequired(field) && key !== bodyField && !(key in parameters))
        .filter(([key]) => !url.searchParams.has(key))
        .map(([key]) => `${key} is required by ${name}`);
      const bodyType = bodyField === undefined ? undefined : fields[bodyField]?.type;
      const content =
        bodyType === undefined
          ? body === undefined
            ? []
            : [`${name} takes no body`]
          : document(bodyType, body, 'body');
      return {
        method: name,
        parameters,
        responseType: method.responseType,
        problems: [...query, ...missing, ...content],
      };
    },
    problems: (type, value) => document(type, value, type),
  };
}

interface Route {
  readonly name: string;
  readonly verb: string;
  readonly pattern: RegExp;
  readonly bodyField: string | undefined;
  readonly method: Method;
}

function routeOf(name: string, method: Method): readonly Route[] {
  const body = method.options['(google.api.http).body'];
  return ['get', 'post', 'put', 'patch', 'delete'].flatMap((verb) => {
    const path = method.options[`(google.api.http).${verb}`];
    if (path === undefined) return [];
    const pattern = path.replace(/\{([^}=]+)(?:=([^}]+))?\}/g, (_, key: string, form = '*') => {
      const inside = (form as string).replaceAll('*', '[^/]+');
      return `(?<${camel(key)}>${inside})`;
    });
    return [
      {
        name,
        verb,
        pattern: new RegExp(`^${pattern}$`),
        method,
        bodyField: body === undefined ? undefined : camel(body),
      },
    ];
  });
}

const camel = (name: string): string => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
const isRequired = ({ options }: Field): boolean => options?.['(google.api.field_behavior)'] === 'REQUIRED';
const isWhole = (value: unknown): boolean => Number.isInteger(value);
const isNumber = (value: unknown): boolean => typeof value === 'number';
/** JSON has no whole numbers of 64 bits. */
const isDigits = (value: unknown): boolean => typeof value === 'string' && /^-?\d+$/.test(value);

const SCALARS: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string',
  bool: (value) => typeof value === 'boolean',
  int32: isWhole,
  uint32: isWhole,
  float: isNumber,
  double: isNumber,
  int64: isDigits,
  uint64: isDigits,
  fixed64: isDigits,
};
const QUERY: Readonly<Record<string, RegExp>> = { bool: /^(true|false)$/, uint32: /^\d+$/, int64: /^-?\d+$/ };
