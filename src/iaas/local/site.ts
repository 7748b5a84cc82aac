/** What every step of the local adapter needs to know. */
import type { LocalIaasSpec } from '../../model/iaas/local.ts';
import type { IaasContext } from '../provider.ts';
import type { RootLayout } from './layout.ts';

export interface LocalSite {
  readonly spec: LocalIaasSpec;
  readonly context: IaasContext;
  /** Directory of the base root file systems. */
  readonly cache: string;
  readonly layout: RootLayout;
}
