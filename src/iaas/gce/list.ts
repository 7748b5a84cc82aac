/** The instances of a project with some labels, in all zones. */
import { IaasError } from '../../model/errors.ts';
import type { GceClient } from './client.ts';
import type { Instance } from './instance.ts';

interface AggregatedList {
  readonly nextPageToken?: string;
  readonly unreachables?: readonly string[];
  readonly items?: Readonly<Record<string, Scope>>;
}

interface Scope {
  readonly instances?: readonly Instance[];
  readonly warning?: { readonly code?: string; readonly message?: string };
}

/**
 * Lists them, of all pages.
 * @throws IaasError unavailable when a zone did not answer: what is not listed would be taken for gone
 */
export async function listInstances(
  iaas: string,
  client: GceClient,
  labels: Readonly<Record<string, string>>,
  what: string,
  signal?: AbortSignal,
): Promise<readonly Instance[]> {
  const filter = Object.entries(labels)
    .map(([key, value]) => `labels.${key}=${value}`)
    .join(' AND ');
  const pages = await client.pages<AggregatedList>({ what, path: 'aggregated/instances', query: { filter }, signal });
  const scopes = pages.flatMap(({ items = {} }) => Object.entries(items));
  const silent = [
    ...pages.flatMap(({ unreachables = [] }) => unreachables),
    ...scopes.flatMap(([zone, { warning }]) => (warning?.code === 'UNREACHABLE' ? [zone] : [])),
  ];
  if (silent.length > 0)
    throw new IaasError(iaas, 'unavailable', `Cannot ${what} as GCE does not answer for ${silent.join(', ')}`);
  return scopes.flatMap(([, { instances = [] }]) => instances);
}
