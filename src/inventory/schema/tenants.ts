/** Schema of servers whose processes serve several tenants. */
import type { JsonSchema } from './json-schema.ts';
import { mapping, named, term } from './terms.ts';

/** A host name; what it leads to is said where it is used. */
export const HOST: JsonSchema = {
  title: 'a host name such as shop.example.org',
  type: 'string',
  pattern: '^(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$',
};

/** `multiTenant:` and `tenants:` of a cartridge. */
export const MULTI_TENANT = {
  multiTenant: {
    title: 'true or false',
    description:
      'Each process serves all tenants of its subscription. `processesPerVm` of its partition is then 1 where its policy does not say it.',
    type: 'boolean',
    default: false,
  },
  tenants: mapping(
    {
      file: term('absolutePath', {
        description:
          'Where a process finds the list of its tenants, as JSON; kept current while it runs. The directory of the file is Stratos’s own.',
        default: '/etc/stratos/tenants.json',
      }),
      command: term('words', {
        description: 'Run in each process when its list has changed.',
        examples: [['/usr/local/bin/reload-tenants']],
      }),
    },
    { description: 'How processes of a `multiTenant` cartridge are told who their tenants are.' },
  ),
} as const satisfies Record<string, JsonSchema>;

/** `tenants:` of a subscription. */
export const TENANTS: JsonSchema = named(
  {
    ...mapping({
      hosts: {
        title: 'a list of host names',
        description: 'Host names that lead to it on port 80 of each VM of the partition.',
        type: 'array',
        items: HOST,
        examples: [['acme.example.org']],
      },
    }),
    type: ['object', 'null'],
  },
  {
    description: 'Who signed up, by name: only for a `multiTenant` cartridge. `stratos tenant add` writes it.',
    examples: [{ acme: { hosts: ['acme.example.org'] } }],
  },
);
