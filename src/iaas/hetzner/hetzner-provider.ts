/** Hetzner Cloud: servers of one project, by its REST API. */
import type { Machine } from '../../model/observation.ts';
import { millis, type Millis } from '../../model/quantity.ts';
import type { HetznerIaasSpec } from '../../model/iaas/hetzner.ts';
import { LABEL } from '../cloud/labels.ts';
import { cloudProvider } from '../cloud/cloud-provider.ts';
import type { CloudCalls } from '../cloud/lifecycle.ts';
import { stopGently } from '../cloud/stop-gently.ts';
import type { IaasContext, IaasProvider } from '../provider.ts';
import { hetznerApi } from './hetzner-api.ts';
import type { Action, Image, Server } from './hetzner-documents.ts';
import { endServer, makeServer } from './make-server.ts';
import { projectParts } from './project-parts.ts';
import { readServer } from './read-server.ts';
import { offersAt } from './server-types.ts';
import { surveyProject } from './survey.ts';

/** The adapter of kind `hetzner`. @param interval first pause between two looks at what is waited for */
export function hetznerProvider(
  spec: HetznerIaasSpec,
  context: IaasContext,
  interval: Millis = millis(500),
): IaasProvider {
  const { name } = spec;
  const { lineage } = context;
  const api = hetznerApi(spec, context, interval);
  const parts = projectParts(spec, api);

  async function list(vm?: string, signal?: AbortSignal): Promise<readonly Machine[]> {
    const ofVm = vm === undefined ? '' : `,${LABEL.vm}==${vm}`;
    const query = { label_selector: `${LABEL.lineage}==${lineage}${ofVm}` };
    const request = { what: `list the machines of ${name}`, path: 'servers', query, signal };
    const servers = (await api.all('servers', request)) as readonly Server[];
    return servers.flatMap((server) => readServer(spec, lineage, server) ?? []);
  }

  async function find(id: string, signal?: AbortSignal): Promise<Machine | undefined> {
    if (!/^\d{1,16}$/.test(id)) return undefined;
    const answer = await api.find({ what: `find machine ${id}`, path: `servers/${id}`, signal });
    return answer === undefined ? undefined : readServer(spec, lineage, (answer as { readonly server: Server }).server);
  }

  async function act(id: string, verb: string, signal?: AbortSignal): Promise<void> {
    const what = `${verb} machine ${id}`;
    const answer = await api.ask({ what, method: 'POST', path: `servers/${id}/actions/${verb}`, signal });
    await api.done((answer as { readonly action: Action }).action, what, signal);
  }

  const calls: CloudCalls = {
    list,
    find,
    make: (request, first) => makeServer({ spec, lineage, api, parts }, request, first),
    start: (id, signal) => act(id, 'poweron', signal),
    stop: (id) =>
      stopGently(
        {
          // The action ends when the signal was sent; whether the machine heeds it is seen on the machine.
          ask: () => act(id, 'shutdown'),
          isRunning: async () => (await find(id))?.state === 'running',
          cut: () => act(id, 'poweroff'),
        },
        spec.timeout,
        interval,
      ),
    remove: (id) => endServer(api, id),
  };

  return cloudProvider(spec, lineage, {
    calls,
    interval,
    capabilities: { prices: true },
    async check() {
      await api.ask({ what: `use ${name}`, path: 'locations', query: { per_page: 1 } });
    },
    survey: (sizes) => surveyProject(spec, api, parts, sizes),
    sizes: async () => offersAt(spec, await parts.serverTypes(), spec.locations[0]),
    async bake({ id }, image, signal) {
      const what = `make an image of machine ${id}`;
      const answer = (await api.ask({
        what,
        method: 'POST',
        path: `servers/${id}/actions/create_image`,
        json: { type: 'snapshot', description: image, labels: { [LABEL.lineage]: lineage, [LABEL.iaas]: name } },
        signal,
      })) as { readonly action: Action; readonly image: Image };
      await api.done(answer.action, what, signal);
      return String(answer.image.id);
    },
  });
}
