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
