/** Ends a VM with all that was made for it. */
import { pathOf } from './cluster.ts';
import type { Place } from './proxmox-documents.ts';
import type { Site } from './site.ts';

/** Cuts its power where it runs, and waits until it is gone. @throws IaasError */
export async function endVm({ api, cluster, seeds }: Site, place: Place): Promise<void> {
  const what = `delete machine ${String(place.vmid)}`;
  if ((await cluster.status(place))?.status === 'running')
    await api.work({ what, method: 'POST', path: `${pathOf(place)}/status/stop`, json: {} });
  // Before the VM, by which it is found when this is repeated.
  await seeds.remove(place);
  const query = { purge: 1, 'destroy-unreferenced-disks': 1 };
  await api.work({ what, method: 'DELETE', path: pathOf(place), query });
}
