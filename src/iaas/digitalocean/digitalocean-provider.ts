/** DigitalOcean: droplets of one team, by its REST API. */
import { remembered } from '../../concurrency/remembered.ts';
import { IaasError } from '../../model/errors.ts';
import type { Machine } from '../../model/observation.ts';
import { millis, type Millis } from '../../model/quantity.ts';
import type { DigitalOceanIaasSpec } from '../../model/iaas/digitalocean.ts';
import { LABEL } from '../cloud/labels.ts';
import { cloudProvider } from '../cloud/cloud-provider.ts';
import type { CloudCalls } from '../cloud/lifecycle.ts';
import { machineName } from '../cloud/machine-name.ts';
import { stopGently } from '../cloud/stop-gently.ts';
import type { IaasContext, IaasProvider } from '../provider.ts';
import { digitaloceanApi } from './digitalocean-api.ts';
import type { Action, Droplet, Size, Vpc } from './digitalocean-documents.ts';
import { offersIn } from './droplet-sizes.ts';
import { makeDroplet, type Team } from './make-droplet.ts';
import { readDroplet, tagsOf } from './read-droplet.ts';
import { surveyTeam } from './survey.ts';

/** The adapter of kind `digitalocean`. @param interval first pause between two looks at what is waited for */
export function digitaloceanProvider(
  spec: DigitalOceanIaasSpec,
  context: IaasContext,
  interval: Millis = millis(500),
): IaasProvider {
  const { name } = spec;
  const { lineage } = context;
  const api = digitaloceanApi(spec, context, interval);
  const team: Team = {
    spec,
    lineage,
    api,
    sizes: remembered(
      async () => (await api.all('sizes', { what: `list the sizes of ${name}`, path: 'v2/sizes' })) as readonly Size[],
    ),
    vpcs: remembered(
      async () => (await api.all('vpcs', { what: `list the VPCs of ${name}`, path: 'v2/vpcs' })) as readonly Vpc[],
    ),
  };

  async function droplets(query: Record<string, string>, signal?: AbortSignal): Promise<readonly Droplet[]> {
    const request = { what: `list the machines of ${name}`, path: 'v2/droplets', query, signal };
    return (await api.all('droplets', request)) as readonly Droplet[];
  }

  async function list(vm?: string, signal?: AbortSignal): Promise<readonly Machine[]> {
    if (vm !== undefined) return ofVm(vm, signal);
    const [tag = ''] = tagsOf({ [LABEL.lineage]: lineage });
    const found = await droplets({ tag_name: tag }, signal);
    return found.flatMap((droplet) => readDroplet(spec, lineage, droplet) ?? []);
  }

  /** By name, which a droplet has from its first moment; its tags come after. */
  async function ofVm(vm: string, signal?: AbortSignal): Promise<readonly Machine[]> {
    const wanted = machineName(lineage, vm, name);
    return (await droplets({ name: wanted }, signal)).flatMap((droplet) => {
      const machine = readDroplet(spec, lineage, droplet);
      if (machine) return machine;
      throw new IaasError(name, 'unavailable', `Cannot use VM ${vm} yet as its droplet has no tags: ${wanted}`);
    });
  }

  async function find(id: string, signal?: AbortSignal): Promise<Machine | undefined> {
    if (!/^[1-9]\d{0,15}$/.test(id)) return undefined;
    const answer = await api.find({ what: `find machine ${id}`, path: `v2/droplets/${id}`, signal });
    return answer === undefined
      ? undefined
      : readDroplet(spec, lineage, (answer as { readonly droplet: Droplet }).droplet);
  }

  async function act(
    id: string,
    json: { readonly type: string; readonly name?: string },
    signal?: AbortSignal,
  ): Promise<void> {
    const what = `${json.type} machine ${id}`;
    const answer = await api.ask({ what, method: 'POST', path: `v2/droplets/${id}/actions`, json, signal });
    await api.done((answer as { readonly action: Action }).action.id, what, signal);
  }

  const calls: CloudCalls = {
    list,
    find,
    make: (request, first) => makeDroplet(team, request, first),
    start: (id, signal) => act(id, { type: 'power_on' }, signal),
    stop: (id) =>
      stopGently(
        {
          ask: () => act(id, { type: 'shutdown' }),
          isRunning: async () => (await find(id))?.state === 'running',
          cut: () => act(id, { type: 'power_off' }),
        },
        spec.timeout,
        interval,
      ),
    async remove(id) {
      await api.find({ what: `delete machine ${id}`, method: 'DELETE', path: `v2/droplets/${id}` });
    },
  };

  return cloudProvider(spec, lineage, {
    calls,
    interval,
    capabilities: { prices: true },
    async check() {
      await api.ask({ what: `use ${name}`, path: 'v2/account' });
    },
    survey: (sizes) => surveyTeam(team, sizes),
    sizes: async () => offersIn(await team.sizes(), spec.regions[0]),
    async bake({ id }, image, signal) {
      const what = `make an image of machine ${id}`;
      await act(id, { type: 'snapshot', name: image }, signal);
      const path = `v2/droplets/${id}/snapshots`;
      const snapshots = (await api.all('snapshots', { what, path, signal })) as readonly Snapshot[];
      const made = snapshots.filter((snapshot) => snapshot.name === image);
      const newest = made.toSorted((a, b) => b.created_at.localeCompare(a.created_at) || b.id - a.id)[0];
      if (newest) return String(newest.id);
      throw new IaasError(name, 'unavailable', `Cannot ${what} as ${name} does not show it: ${image}`);
    },
  });
}

interface Snapshot {
  readonly id: number;
  readonly name: string;
  readonly created_at: string;
}
