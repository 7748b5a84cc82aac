/** Rights as token servers name them (distribution, "Token Scope Documentation"). */

/** To read of a repository. */
export const pullScope = (repository: string): readonly string[] => [`repository:${repository}:pull`];

/** To read and write, and to take blobs of another repository of the same registry. */
export function pushScope(repository: string, from?: string): readonly string[] {
  return [`repository:${repository}:pull,push`, ...(from === undefined ? [] : pullScope(from))];
}

/** To remove manifests and tags: removing a tag may take writing another manifest under it first. */
export const removeScope = (repository: string): readonly string[] => [`repository:${repository}:pull,push,delete`];

/** To list repositories. */
export const CATALOG_SCOPE: readonly string[] = ['registry:catalog:*'];

/** The repository that rights are asked for; the first of several, undefined where they are not of a repository. */
export function repositoryIn(scopes: readonly string[]): string | undefined {
  return /^repository:(.+):[^:]*$/.exec(scopes[0] ?? '')?.[1];
}

/**
 * These scopes with each resource once, its actions sorted. Servers name the actions in any order and a token server
 * may grant only the last of two scopes of one resource.
 */
export function mergeScopes(scopes: readonly string[]): readonly string[] {
  const actions = new Map<string, Set<string>>();
  for (const scope of scopes) {
    // A resource's name may have colons (a host's port), its actions have none.
    const end = scope.lastIndexOf(':');
    const resource = scope.slice(0, end);
    const known = actions.get(resource) ?? new Set();
    actions.set(resource, known);
    for (const action of scope.slice(end + 1).split(',')) known.add(action);
  }
  return [...actions].map(([resource, granted]) => `${resource}:${[...granted].toSorted().join(',')}`);
}
