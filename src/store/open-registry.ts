/** Where a store of the spec becomes a registry. */
import type { StoreSpec } from '../model/spec.ts';
import type { Credentials } from './oci/credentials.ts';
import type { ImageRegistry } from './registry.ts';

export interface OpenOptions {
  /** Environment of the operator, for where passwords are kept. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Who we are, in place of what is kept. */
  readonly credentials?: Credentials;
}

/**
 * Makes the adapter of a store; its module, and what that imports, is loaded when it is used and not before. Nothing is contacted yet.
 * @throws HostError when a file that it names cannot be read
 */
export async function openRegistry(spec: StoreSpec, { env, credentials }: OpenOptions): Promise<ImageRegistry> {
  switch (spec.kind) {
    case 'directory':
      return (await import('./directory-registry.ts')).directoryRegistry(spec.name, spec.path);
    case 'oci':
      return (await import('./oci/open-oci.ts')).openOci(spec, env, credentials);
    case 'glance':
      return (await import('./glance/open-glance.ts')).openGlance(spec, env);
  }
}
