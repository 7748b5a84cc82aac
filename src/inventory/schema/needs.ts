/** Schema of what subscriptions hand to each other: `outputs:` of a cartridge, `needs:` of a subscription. */
import type { JsonSchema } from './json-schema.ts';
import { mapping, named, SECRET_SOURCES, term } from './terms.ts';

/** `outputs:` of a cartridge. */
export const OUTPUTS: JsonSchema = named(
  {
    title: 'a text, a number, true, false, {env: NAME} or a secret such as {fromEnv: NAME}',
    type: ['string', 'number', 'boolean', 'object'],
    pattern: '^[^\\u0000]*$',
    additionalProperties: false,
    minProperties: 1,
    maxProperties: 1,
    properties: {
      env: {
        title: 'the name of an environment variable: letters, digits and _',
        description: 'Variable of its own environment that has the value.',
        type: 'string',
        pattern: '^[A-Za-z_][A-Za-z0-9_]*$',
      },
      ...SECRET_SOURCES,
    },
  },
  {
    description:
      'What it tells subscriptions that need one of it, beside its address: a value, a secret by reference, or a variable of its own environment.',
    examples: [{ user: 'app', password: { env: 'POSTGRES_PASSWORD' } }],
  },
);

/** `needs:` of a subscription. */
export const NEEDS: JsonSchema = {
  title: 'a list of aliases, or of mappings with subscription',
  description:
    'Subscriptions that must be ready before its processes start. Each hands over its address as `DB_HOST`, `DB_PORT` and `DB_URL`, and its outputs as `DB_…`; what `env` says wins.',
  type: 'array',
  items: {
    title: 'an alias, or a mapping with subscription',
    type: ['string', 'object'],
    additionalProperties: false,
    required: ['subscription'],
    properties: {
      subscription: { title: 'an alias', description: 'What is needed: a name under `subscriptions:`.', type: 'string' },
      as: {
        title: 'the beginning of a variable: letters, digits and _',
        description: 'What the variables begin with. Default: the alias in capitals, with _ for each dash.',
        type: 'string',
        pattern: '^[A-Za-z_][A-Za-z0-9_]*$',
        examples: ['DB'],
      },
      outputs: {
        title: 'a list of outputs',
        description: 'Which outputs of its cartridge are handed over. Default: all.',
        type: 'array',
        items: { title: 'the name of an output', type: 'string' },
        examples: [['user', 'password']],
      },
      scale: mapping(
        {
          ratio: term('aboveZero', {
            description: 'So many processes for each one of what is needed, within its own bounds.',
          }),
        },
        { description: 'Follows the number of processes of what is needed.', required: ['ratio'] },
      ),
      whenLost: {
        title: 'keep, stop or stop-all',
        description:
          'When nothing of what is needed is ready any more: `keep` leaves the processes alone; `stop` ends them, and they start again in order; `stop-all` also ends those of all subscriptions tied to it by needs.',
        enum: ['keep', 'stop', 'stop-all'],
        default: 'keep',
      },
    },
  },
  examples: [['db'], [{ subscription: 'db', as: 'DB', outputs: ['password'], scale: { ratio: 2 } }]],
};
