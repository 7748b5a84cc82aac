/** Checks requests and answers against a vendor's OpenAPI document, as `scripts/cut-openapi.ts` cut it, or as it was written where there is none. */
import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { ErrorObject, ValidateFunction } from 'ajv';
import formats from 'ajv-formats';

type Fields = Readonly<Record<string, unknown>>;
interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly schema: Fields;
}
interface Operation {
  readonly parameters?: readonly Fields[];
  readonly requestBody?: Fields;
  readonly responses: Readonly<Record<string, Fields>>;
}

/** An operation of the document that a request is for. */
export interface Called {
  /** `get /servers/{id}`. */
  readonly name: string;
  readonly params: Readonly<Record<string, string>>;
  /** What is wrong with the query and the body; empty: nothing. */
  request(query: URLSearchParams, body: unknown): readonly string[];
  /** What is wrong with an answer. */
  answer(status: number, body: unknown): readonly string[];
}

/** Finds the operation of a request; undefined: the vendor has none such. */
export type OpenApiCheck = (method: string, path: string) => Called | undefined;

/** Reads `fixtures/openapi/NAME.json`. */
export function openApiCheck(name: string): OpenApiCheck {
  const file = new URL(`../../fixtures/openapi/${name}.json`, import.meta.url);
  const document = withNull(JSON.parse(readFileSync(file, 'utf8'))) as {
    readonly paths: Readonly<Record<string, Readonly<Record<string, Fields>>>>;
    readonly definitions: Fields;
  };
  // Among the definitions are parameters and answers, which are no schemas themselves.
  const setting = { strict: false, allErrors: true, validateSchema: false } as const;
  const ajv = new Ajv2020(setting);
  const loose = new Ajv2020({ ...setting, coerceTypes: 'array' });
  for (const each of [ajv, loose]) {
    (formats as unknown as (ajv: Ajv2020) => void)(each);
    each.addFormat('decimal', /^\d+(\.\d+)?$/);
    each.addSchema({ $id: 'vendor', definitions: document.definitions });
  }
  const cache = new Map<string, ValidateFunction>();
  const check = (how: Ajv2020, key: string, schema: Fields, value: unknown): readonly string[] => {
    const validate = cache.get(key) ?? how.compile(absolute(schema) as Fields);
    cache.set(key, validate);
    return validate(value) ? [] : (validate.errors ?? []).map((error) => `${key}${said(error)}`);
  };
  const follow = (node: Fields): Fields => {
    if (typeof node.$ref !== 'string') return node;
    return follow(document.definitions[node.$ref.replace('#/definitions/', '')] as Fields);
  };

  return (method, path) => {
    for (const [template, operations] of Object.entries(document.paths)) {
      const written = operations[method.toLowerCase()];
      const names = [...template.matchAll(/\{(\w+)\}/g)].map(([, each = '']) => each);
      const found = new RegExp(`^${template.replaceAll(/\{\w+\}/g, '([^/]+)')}$`).exec(path);
      if (!written || !found) continue;
      const operation = follow(written) as unknown as Operation;
      const key = `${method.toLowerCase()} ${template}`;
      const parameters = (operation.parameters ?? []).map(follow) as unknown as readonly Parameter[];
      const inQuery = parameters.filter((each) => each.in === 'query');
      return {
        name: key,
        params: Object.fromEntries(names.map((each, at) => [each, found[at + 1] ?? ''])),
        request(query, body) {
          const schema = {
            type: 'object',
            additionalProperties: false,
            required: inQuery.filter(({ required }) => required).map((each) => each.name),
            properties: Object.fromEntries(inQuery.map((each) => [each.name, each.schema])),
          };
          const wrong = check(loose, `${key} query`, schema, Object.fromEntries(query));
          const wanted = schemaOf(operation.requestBody && follow(operation.requestBody));
          if (!wanted) return body === undefined ? wrong : [...wrong, `${key} takes no body`];
          if (body === undefined)
            return operation.requestBody?.required === true ? [...wrong, `${key} needs a body`] : wrong;
          // Vendors allow unknown members; one that we send is a mistake of ours.
          return [...wrong, ...check(ajv, `${key} body`, { ...closed(wanted), unevaluatedProperties: false }, body)];
        },
        answer(status, body) {
          const class_ = `${String(status).slice(0, 1)}xx`;
          const { responses } = operation;
          const response =
            responses[String(status)] ?? responses[class_] ?? responses[class_.toUpperCase()] ?? responses.default;
          if (!response) return [`${key} never answers ${String(status)}`];
          const wanted = schemaOf(follow(response));
          if (!wanted) return body === undefined ? [] : [`${key} answers ${String(status)} without a body`];
          return check(ajv, `${key} ${String(status)}`, wanted, body);
        },
      };
    }
    return undefined;
  };
}

function schemaOf(holder: Fields | undefined): Fields | undefined {
  const content = holder?.content as Readonly<Record<string, { readonly schema: Fields }>> | undefined;
  return (content?.['application/json'] ?? content?.['multipart/form-data'])?.schema;
}

/** A reference stays one, so that what stands beside it counts as well. */
function closed(schema: Fields): Fields {
  return { allOf: [schema] };
}

function said({ instancePath, message = '', params }: ErrorObject): string {
  return `${instancePath}: ${message} ${JSON.stringify(params)}`;
}

/** OpenAPI 3.0 says `nullable` where JSON Schema has a type. */
function withNull(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(withNull);
  if (typeof node !== 'object' || node === null) return node;
  const { nullable, ...rest } = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, withNull(value)]));
  return nullable === true ? { anyOf: [{ type: 'null' }, rest] } : rest;
}

function absolute(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(absolute);
  if (typeof node !== 'object' || node === null) return node;
  return Object.fromEntries(
    Object.entries(node).map(([key, value]) => [
      key,
      key === '$ref' && typeof value === 'string' ? `vendor${value}` : absolute(value),
    ]),
  );
}
