/** Makes a server at the first location that has room. */
import { IaasError } from '../../model/errors.ts';
import type { HetznerIaasSpec } from '../../model/iaas/hetzner.ts';
import { chooseSize } from '../cloud/choose-size.ts';
import { firstWithRoom } from '../cloud/first-with-room.ts';
import type { FirstFacts } from '../cloud/lifecycle.ts';
import { machineName } from '../cloud/machine-name.ts';
import type { MachineRequest } from '../provider.ts';
import type { HetznerApi } from './hetzner-api.ts';
import type { Action, Server } from './hetzner-documents.ts';
import type { ProjectParts } from './project-parts.ts';
import { readServer } from './read-server.ts';
import { offersAt } from './server-types.ts';

export interface Project {
  readonly spec: HetznerIaasSpec;
  readonly lineage: string;
  readonly api: HetznerApi;
  readonly parts: ProjectParts;
}

/** Asks for it and waits until Hetzner has made it, or says that it cannot. @returns its id @throws IaasError */
export async function makeServer(project: Project, request: MachineRequest, first: FirstFacts): Promise<string> {
  const places = request.zone === undefined ? project.spec.locations : [request.zone];
  return firstWithRoom(places, (location) => makeAt(project, request, first, location));
}

async function makeAt(
  project: Project,
  { vm, size, signal }: MachineRequest,
  { labels, userData, image: ownImage }: FirstFacts,
  location: string | undefined,
): Promise<string> {
  const { spec, lineage, api, parts } = project;
  const what = `create VM ${vm}${location === undefined ? '' : ` at ${location}`}`;
  const where = location === undefined ? spec.name : `${spec.name} at ${location}`;
  const type = chooseSize(spec.name, where, size, offersAt(spec, await parts.serverTypes(), location));
  const image = await parts.image(type.architecture, ownImage);
  const { networks, firewalls, placementGroup } = await parts.attached();
  const name = machineName(lineage, vm, spec.name);
  const json = {
    name,
    server_type: type.name,
    image: String(image.id),
    ...(location !== undefined && { location }),
    labels,
    ...(userData !== '' && { user_data: userData }),
    networks,
    firewalls: firewalls.map((firewall) => ({ firewall })),
    ...(placementGroup !== undefined && { placement_group: placementGroup }),
    public_net: {
      enable_ipv4: spec.publicAddresses.includes('ipv4'),
      enable_ipv6: spec.publicAddresses.includes('ipv6'),
    },
  };
  let made: { readonly server: Server; readonly action: Action };
  try {
    made = (await api.ask({ what, method: 'POST', path: 'servers', json, signal })) as typeof made;
  } catch (error) {
    const earlier = error instanceof IaasError && error.failure === 'invalid' ? await named(project, name) : undefined;
    if (earlier === undefined) throw error;
    return earlier;
  }
  const id = String(made.server.id);
  const failure = await api.failureOf(made.action, what, signal);
  if (failure) {
    // One that could not be made is there all the same: it would be paid for, and its name is taken.
    await endServer(api, id);
    throw failure;
  }
  return id;
}

/** The server of this name, when it is ours: a listing may not show yet what an earlier call has made. */
async function named({ spec, lineage, api }: Project, name: string): Promise<string | undefined> {
  const request = { what: `find server ${name}`, path: 'servers', query: { name } };
  const servers = (await api.all('servers', request)) as readonly Server[];
  const [machine] = servers.flatMap((server) => readServer(spec, lineage, server) ?? []);
  if (machine?.state !== 'deleting') return machine?.id;
  throw new IaasError(
    spec.name,
    'unavailable',
    `Cannot create server ${name} yet as the one before is still being deleted`,
  );
}

/** Ends a server and waits until Hetzner says that it has; no effect when it is gone already. */
export async function endServer(api: HetznerApi, id: string): Promise<void> {
  const what = `delete machine ${id}`;
  const answer = (await api.find({ what, method: 'DELETE', path: `servers/${id}` })) as
    { readonly action?: Action } | undefined;
  if (answer?.action) await api.done(answer.action, what);
}
