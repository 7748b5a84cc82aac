/** `store:`, `stores:` and `distribution:`, as the schema leaves them. */

export interface RawDirectoryStore {
  readonly kind: 'directory';
  readonly path: string;
}

export interface RawOciStore {
  readonly kind: 'oci';
  readonly url: string;
  readonly insecure?: boolean;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

export interface RawGlanceStore {
  readonly kind: 'glance';
  readonly url?: string;
  readonly cloud?: string;
  readonly ca?: string;
  readonly project?: string;
  readonly visibility?: 'private' | 'shared' | 'community' | 'public';
  readonly protect?: boolean;
}

export type RawNamedStore = RawDirectoryStore | RawOciStore | RawGlanceStore;

export interface RawStore {
  readonly default?: string;
  readonly kind?: 'directory';
  readonly path?: string;
  readonly requireSignature?: boolean;
  readonly allowedSigners?: string;
  readonly revokedKeys?: string;
}

export interface RawDistribution {
  readonly fanOut?: number;
  readonly bandwidthLimit?: number | string;
  readonly neighbours?: boolean;
}
