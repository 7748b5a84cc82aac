/** Where an IaaS of the spec becomes an adapter. */
import type { IaasSpec } from '../model/spec.ts';
import type { IaasContext, IaasProvider } from './provider.ts';

/**
 * Makes the adapter of an IaaS; its module, and what that imports, is loaded when it is used and not before.
 * Nothing is contacted yet: `check()` says whether it can work.
 */
export async function loadProvider(spec: IaasSpec, context: IaasContext): Promise<IaasProvider> {
  switch (spec.kind) {
    case 'local':
      return (await import('./local/local-provider.ts')).localProvider(spec, context);
    case 'static':
      return (await import('./static/static-provider.ts')).staticProvider(spec, context);
  }
}
