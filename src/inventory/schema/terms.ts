/** Scalars and shapes that several parts of the schema share. */
import { BIT_RATE_PATTERN, BYTES_PATTERN, DURATION_PATTERN } from '../../model/quantity.ts';
import type { JsonSchema } from './json-schema.ts';

/** Names of everything: 1 to 40 characters, good as a host name, a unit name and a container name. */
export const NAME_PATTERN = '^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$';
/** What {@link NAME_PATTERN} means, in words. */
export const NAME_RULE =
  'a name of 1 to 40 lowercase letters, digits and dashes that begins with a letter and does not end with a dash';

export const SECRET_SOURCES = {
  fromEnv: {
    title: 'the name of an environment variable: letters, digits and _',
    description: 'Variable of the operator’s environment that has the value.',
    type: 'string',
    pattern: '^[A-Za-z_][A-Za-z0-9_]*$',
  },
  fromFile: { $ref: '#/$defs/path', description: 'File that has the value; a last line break is left out.' },
  fromCommand: {
    $ref: '#/$defs/words',
    description: 'Program of this machine that prints the value; a last line break is left out.',
    examples: [['pass', 'show', 'cloud/token']],
  },
  fromKeyring: {
    title: 'attributes of an entry of the keyring',
    description: 'Attributes as they were given to `secret-tool store`.',
    type: 'object',
    minProperties: 1,
    propertyNames: { title: 'an attribute: letters, digits, _ . : and -', pattern: '^[A-Za-z0-9_.:][A-Za-z0-9_.:-]*$' },
    additionalProperties: { title: 'a text', type: 'string', pattern: '^[^\\u0000]*$' },
    examples: [{ service: 'stratos', account: 'cloud' }],
  },
} as const satisfies Record<string, JsonSchema>;

/** Definitions under `$defs`. Every one has a title, which messages use. */
export const TERMS = {
  name: { title: NAME_RULE, type: 'string', pattern: NAME_PATTERN },
  size: {
    title: 'a size such as 256Mi, 1.5Gi or 2G',
    type: ['string', 'integer'],
    pattern: BYTES_PATTERN,
    minimum: 1,
    examples: ['256Mi', '2Gi'],
  },
  cpu: {
    title: 'a number of cores such as 0.5, 2 or 500m',
    type: ['number', 'string'],
    pattern: '^[0-9]+(\\.[0-9]+)?m?$',
    exclusiveMinimum: 0,
    examples: [0.5, 2, '500m'],
  },
  bitRate: {
    title: 'a rate such as 500kbit, 10Mbit or 1Gbit',
    type: 'string',
    pattern: BIT_RATE_PATTERN,
    examples: ['10Mbit', '1Gbit'],
  },
  duration: {
    title: 'a duration such as 500ms, 30s, 5m or 1h30m',
    type: 'string',
    pattern: DURATION_PATTERN,
    examples: ['500ms', '30s', '5m'],
  },
  percent: {
    title: 'a percentage from 1% to 100%',
    type: 'string',
    pattern: '^([1-9][0-9]?(\\.[0-9]+)?|100)%$',
    examples: ['70%'],
  },
  share: {
    title: 'a percentage above 0% and up to 100%',
    type: 'string',
    pattern: '^(?!0+(\\.0+)?%)([0-9]{1,2}(\\.[0-9]+)?|100)%$',
    examples: ['10%'],
  },
  aboveZero: { title: 'a number above 0', type: 'number', exclusiveMinimum: 0, maximum: 1_000_000_000 },
  amount: {
    title: 'a whole number, or a percentage from 0% to 100%',
    description: 'A percentage is of the processes that are wanted.',
    type: ['integer', 'string'],
    minimum: 0,
    maximum: 1_000_000,
    pattern: '^([0-9]{1,2}(\\.[0-9]+)?|100)%$',
    examples: [1, '25%'],
  },
  price: { title: 'a number, 0 or more', type: 'number', minimum: 0, maximum: 1_000_000_000 },
  words: {
    title: 'a list of words',
    type: 'array',
    minItems: 1,
    items: { title: 'a text', type: 'string', pattern: '^[^\\u0000]*$' },
  },
  count: { title: 'a whole number, 0 or more', type: 'integer', minimum: 0, maximum: 1_000_000 },
  positive: { title: 'a whole number, 1 or more', type: 'integer', minimum: 1, maximum: 1_000_000 },
  port: { title: 'a port number from 1 to 65535', type: 'integer', minimum: 1, maximum: 65_535 },
  path: { title: 'a path', type: 'string', pattern: '^[^\\u0000\\n]+$' },
  absolutePath: { title: 'an absolute path', type: 'string', pattern: '^/[^\\u0000\\n]*$', examples: ['/var/lib/data'] },
  cidr: {
    title: 'an IPv4 network such as 10.66.0.0/22',
    type: 'string',
    pattern: '^[0-9]{1,3}(\\.[0-9]{1,3}){3}/[0-9]{1,2}$',
    examples: ['10.66.0.0/22'],
  },
  bounds: {
    title: 'a whole number, or min and max',
    description: 'A whole number means exactly so many.',
    type: ['integer', 'object'],
    minimum: 0,
    maximum: 1_000_000,
    additionalProperties: false,
    minProperties: 1,
    properties: {
      min: { $ref: '#/$defs/count', description: 'Never fewer. Default: 1, or `max` where that is 0.' },
      max: { $ref: '#/$defs/count', description: 'Never more. Default: `min`, at least 1.' },
    },
    examples: [2, { min: 2, max: 20 }],
  },
  env: {
    title: 'a mapping of environment variables',
    description:
      'Environment of the processes: a value in clear, or where to read a secret on the operator’s machine at the moment it is needed.',
    type: 'object',
    propertyNames: {
      title: 'the name of an environment variable: letters, digits and _',
      pattern: '^[A-Za-z_][A-Za-z0-9_]*$',
    },
    additionalProperties: { $ref: '#/$defs/envValue' },
    examples: [{ MODE: 'production', DB_PASSWORD: { fromEnv: 'SHOP_DB_PASSWORD' } }],
  },
  envValue: {
    title: 'a text, a number, true, false, {fromEnv: NAME}, {fromFile: PATH}, {fromCommand: […]} or {fromKeyring: {…}}',
    type: ['string', 'number', 'boolean', 'object'],
    pattern: '^[^\\u0000]*$',
    additionalProperties: false,
    minProperties: 1,
    maxProperties: 1,
    properties: SECRET_SOURCES,
  },
  secret: {
    title: '{fromEnv: NAME}, {fromFile: PATH}, {fromCommand: […]} or {fromKeyring: {…}}',
    description: 'Where a secret is kept. It is read when it is needed and written down nowhere.',
    // What stands here instead may be the secret itself: it is not shown.
    writeOnly: true,
    type: 'object',
    additionalProperties: false,
    minProperties: 1,
    maxProperties: 1,
    properties: SECRET_SOURCES,
    examples: [{ fromEnv: 'CLOUD_TOKEN' }, { fromCommand: ['pass', 'show', 'cloud/token'] }],
  },
} as const satisfies Record<string, JsonSchema>;

/** Refers to a shared definition. */
export function term(name: keyof typeof TERMS, more: JsonSchema = {}): JsonSchema {
  return { $ref: `#/$defs/${name}`, ...more };
}

/** A mapping from names to values of one kind; a key without a value is an empty mapping. */
export function named(values: JsonSchema, more: JsonSchema = {}): JsonSchema {
  return { title: 'a mapping', type: ['object', 'null'], propertyNames: term('name'), additionalProperties: values, ...more };
}

/** A mapping with fixed keys. */
export function mapping(properties: Readonly<Record<string, JsonSchema>>, more: JsonSchema = {}): JsonSchema {
  return { title: 'a mapping', type: 'object', additionalProperties: false, properties, ...more };
}
