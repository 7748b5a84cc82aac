/** Terms of the clouds' own interfaces: addresses of their APIs, and what a vendor keeps by name or id. */
import type { JsonSchema } from './json-schema.ts';

/** Where the vendor's API is. A token goes there, so plain http is for this machine alone. */
export function vendorUrl(usual: string): JsonSchema {
  return {
    title: 'an https address',
    description: 'Address of the API; plain http on this machine only.',
    type: 'string',
    pattern: '^(https://|http://(127\\.0\\.0\\.1|localhost|\\[::1\\])[:/])[^\\s@?#]+$',
    default: usual,
  };
}

/** One thing of the vendor's, by name or id. */
export function resource(title: string, more: JsonSchema): JsonSchema {
  return { title: `the name or id of ${title}`, type: ['string', 'integer'], pattern: NAME, minimum: 1, ...more };
}

/** Several of them. */
export function resources(what: string, description: string): JsonSchema {
  return {
    title: `a list of ${what}`,
    description,
    type: 'array',
    items: { title: 'a name or an id', type: ['string', 'integer'], pattern: NAME, minimum: 1 },
  };
}

/** Which public addresses a machine gets. */
export function publicAddresses(usual: readonly string[]): JsonSchema {
  return {
    title: 'a list of ipv4 and ipv6',
    description: 'Public addresses that a machine gets; none where the list is empty.',
    type: 'array',
    items: { title: 'ipv4 or ipv6', enum: ['ipv4', 'ipv6'] },
    default: usual,
  };
}

/** Which address of a machine is connected to. */
export const ADDRESS: JsonSchema = {
  title: 'ipv4, ipv6 or private',
  description: 'Address that is connected to. Default: the first public one, else the private one.',
  enum: ['ipv4', 'ipv6', 'private'],
};

const NAME = '^[^\\u0000-\\u001f\\u007f]{1,200}$';
