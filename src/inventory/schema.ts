/**
 * The JSON Schema of stratos.yaml: the one place that says which keys there are. The published schema, the checking code and
 * the reference in docs/ are generated from it (`node scripts/generate.ts`).
 */
import { API_VERSION } from './schema/api-version.ts';
import { IAAS, IAAS_KINDS } from './schema/iaas.ts';
import { DISTRIBUTION } from './schema/distribution.ts';
import { GUARDS } from './schema/guards.ts';
import type { JsonSchema } from './schema/json-schema.ts';
import { POLICIES, POLICY_KINDS } from './schema/policies.ts';
import { STORE, STORE_KINDS, STORES } from './schema/stores.ts';
import { mapping, term, TERMS } from './schema/terms.ts';
import { CARTRIDGES, PARTITIONS, SUBSCRIPTIONS } from './schema/workloads.ts';

const sections = {
  iaas: IAAS,
  partitions: PARTITIONS,
  cartridges: CARTRIDGES,
  policies: POLICIES,
  subscriptions: SUBSCRIPTIONS,
  guards: GUARDS,
  distribution: DISTRIBUTION,
  hooks: {
    description:
      'How the executables in `hooks/` of the project are run: `pre-deploy`, `post-deploy`, `wake`, `vm-ready`.',
    ...mapping({
      timeout: term('duration', {
        description: 'Longest time of one; then it is ended with all that it started.',
        default: '1m',
      }),
    }),
  },
  stores: STORES,
  store: STORE,
} satisfies Record<string, JsonSchema>;

/** Schema of the main file; 2020-12. Included files have the same sections and need no `apiVersion`. */
export const SPEC_SCHEMA: JsonSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $id: 'urn:stratos:spec:v1',
  title: 'a mapping',
  description: 'What should run: stratos.yaml. Keys that begin with `x-` are left alone and may hold YAML anchors.',
  type: 'object',
  additionalProperties: false,
  patternProperties: { '^x-': {} },
  properties: {
    apiVersion: { title: API_VERSION, description: 'Version of this format.', const: API_VERSION },
    include: {
      title: 'a list of paths or patterns',
      description: 'Further files with the same sections, relative to the project; read in order of their names.',
      type: 'array',
      items: { title: 'a path or a pattern', type: 'string', pattern: '^[^\\u0000\\n]+$' },
      examples: [['subscriptions/*.yaml']],
    },
    ...sections,
  },
  $defs: { ...TERMS, ...POLICY_KINDS, ...IAAS_KINDS, ...STORE_KINDS },
};
