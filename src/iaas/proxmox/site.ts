/** What work on a cluster needs. */
import type { ProxmoxIaasSpec } from '../../model/iaas/proxmox.ts';
import type { Millis } from '../../model/quantity.ts';
import type { Cluster } from './cluster.ts';
import type { ProxmoxApi } from './proxmox-api.ts';
import type { Seeds } from './seed.ts';

export interface Site {
  readonly spec: ProxmoxIaasSpec;
  readonly lineage: string;
  readonly api: ProxmoxApi;
  readonly cluster: Cluster;
  readonly seeds: Seeds;
  /** First pause between two looks at a VM. */
  readonly interval: Millis;
}
