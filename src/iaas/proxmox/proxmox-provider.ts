/** Proxmox VE: virtual machines of a cluster, by its REST API alone. */
import { IaasError } from '../../model/errors.ts';
import { millis, type Millis } from '../../model/quantity.ts';
import type { ProxmoxIaasSpec } from '../../model/iaas/proxmox.ts';
import { cloudProvider } from '../cloud/cloud-provider.ts';
import type { CloudCalls } from '../cloud/lifecycle.ts';
import type { IaasContext, IaasProvider } from '../provider.ts';
import { bakeTemplate } from './bake.ts';
import { clusterOf, pathOf } from './cluster.ts';
import { endVm } from './end-vm.ts';
import { makeVm } from './make-vm.ts';
import { proxmoxApi } from './proxmox-api.ts';
import type { Place } from './proxmox-documents.ts';
import { seedsOf } from './seed.ts';
import type { Site } from './site.ts';
import { surveyCluster } from './survey.ts';

/** Seconds that a machine may take to stop by itself. */
const GRACE = 30;

/** The adapter of kind `proxmox`. @param interval first pause between two looks at what is waited for */
export function proxmoxProvider(
  spec: ProxmoxIaasSpec,
  context: IaasContext,
  interval: Millis = millis(500),
): IaasProvider {
  const { name } = spec;
  const { lineage } = context;
  const api = proxmoxApi(spec, context, interval);
  const cluster = clusterOf(spec, lineage, api);
  const seeds = seedsOf(spec, api);
  const site: Site = { spec, lineage, api, cluster, seeds, interval };

  /** @throws IaasError not-found */
  async function placeOf(id: string, what: string, signal?: AbortSignal): Promise<Place> {
    const found = await cluster.machine(id, signal);
    if (found) return found;
    throw new IaasError(name, 'not-found', `Cannot ${what} as ${name} has no such machine of this project`);
  }

  async function act(id: string, verb: string, json: object, signal?: AbortSignal): Promise<void> {
    const what = `${verb} machine ${id}`;
    const path = `${pathOf(await placeOf(id, what, signal))}/status/${verb}`;
    await api.work({ what, method: 'POST', path, json, signal });
  }

  const calls: CloudCalls = {
    list: (vm, signal) => cluster.machines(vm, signal),
    find: async (id, signal) => (await cluster.machine(id, signal))?.machine,
    make: (request, first) => makeVm(site, request, first),
    start: (id, signal) => act(id, 'start', {}, signal),
    // It cuts the power itself of what does not heed the button.
    stop: (id) => act(id, 'shutdown', { timeout: Math.ceil(Math.min(GRACE, spec.timeout / 2000)), forceStop: 1 }),
    remove: async (id) => endVm(site, await placeOf(id, `delete machine ${id}`)),
  };

  return cloudProvider(spec, lineage, {
    calls,
    interval,
    async check() {
      await api.ask({ what: `use ${name}`, path: 'version' });
    },
    survey: (sizes) => surveyCluster(site, sizes),
    bake: async ({ id }, image, signal) =>
      bakeTemplate(site, await placeOf(id, `make an image of machine ${id}`, signal), image, signal),
  });
}
