/** Makes a droplet in the first region that has room. */
import { IaasError } from '../../model/errors.ts';
import type { DigitalOceanIaasSpec } from '../../model/iaas/digitalocean.ts';
import { chooseSize } from '../cloud/choose-size.ts';
import { firstWithRoom } from '../cloud/first-with-room.ts';
import type { FirstFacts } from '../cloud/lifecycle.ts';
import { machineName } from '../cloud/machine-name.ts';
import type { MachineRequest } from '../provider.ts';
import type { DigitalOceanApi } from './digitalocean-api.ts';
import type { Droplet, Size, Vpc } from './digitalocean-documents.ts';
import { offersIn } from './droplet-sizes.ts';
import { tagsOf } from './read-droplet.ts';

/** A team of DigitalOcean's; what it sells and has is asked for once. */
export interface Team {
  readonly spec: DigitalOceanIaasSpec;
  readonly lineage: string;
  readonly api: DigitalOceanApi;
  readonly sizes: () => Promise<readonly Size[]>;
  readonly vpcs: () => Promise<readonly Vpc[]>;
}

/** Asks for it and waits until DigitalOcean has made it. @returns its id @throws IaasError */
export async function makeDroplet(team: Team, request: MachineRequest, first: FirstFacts): Promise<string> {
  const places = request.zone === undefined ? team.spec.regions : [request.zone];
  return firstWithRoom(places, (region) => makeIn(team, request, first, region));
}

/** The spec's VPC of a region; undefined where the spec names none. @throws IaasError invalid */
export async function vpcIn({ spec, vpcs }: Team, region: string | undefined): Promise<Vpc | undefined> {
  if (spec.vpcs.length === 0) return undefined;
  const all = await vpcs();
  const missing = spec.vpcs.find((wanted) => !all.some(({ id, name }) => id === wanted || name === wanted));
  if (missing !== undefined)
    throw new IaasError(spec.name, 'invalid', `Cannot use the VPC as ${spec.name} has no such VPC: ${missing}`);
  const found = all.find(
    (vpc) => vpc.region === region && (spec.vpcs.includes(vpc.id) || spec.vpcs.includes(vpc.name)),
  );
  if (found) return found;
  throw new IaasError(spec.name, 'invalid', `Cannot use a VPC as ${spec.name} names none of region ${region ?? 'any'}`);
}

async function makeIn(
  team: Team,
  { vm, size, signal }: MachineRequest,
  { labels, userData, image = team.spec.image }: FirstFacts,
  region: string | undefined,
): Promise<string> {
  const { spec, lineage, api, sizes } = team;
  const what = `create VM ${vm}${region === undefined ? '' : ` in ${region}`}`;
  const where = region === undefined ? spec.name : `${spec.name} in ${region}`;
  const chosen = chooseSize(spec.name, where, size, offersIn(await sizes(), region));
  const vpc = await vpcIn(team, region);
  const json = {
    name: machineName(lineage, vm, spec.name),
    ...(region !== undefined && { region }),
    size: chosen.name,
    image: /^\d+$/.test(image) ? Number(image) : image,
    tags: [...tagsOf(labels), ...spec.tags],
    ...(userData !== '' && { user_data: userData }),
    ...(vpc && { vpc_uuid: vpc.id }),
    ipv6: spec.publicAddresses.includes('ipv6'),
    public_networking: spec.publicAddresses.length > 0,
  };
  const answer = (await api.ask({ what, method: 'POST', path: 'v2/droplets', json, signal })) as {
    readonly droplet: Droplet;
    readonly links: { readonly actions?: readonly { readonly id: number }[] };
  };
  const id = String(answer.droplet.id);
  for (const action of answer.links.actions ?? []) {
    const failure = await api.failureOf(action.id, what, signal);
    if (!failure) continue;
    // One that could not be made is there all the same, and would be paid for.
    await api.find({ what: `delete machine ${id}`, method: 'DELETE', path: `v2/droplets/${id}` });
    throw failure;
  }
  return id;
}
