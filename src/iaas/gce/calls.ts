/** What GCE does with one machine. A request begins an operation; what it failed of is known when that is done. */
import { IaasError } from '../../model/errors.ts';
import { millis } from '../../model/quantity.ts';
import type { GceIaasSpec } from '../../model/iaas/gce.ts';
import { firstWithRoom } from '../cloud/first-with-room.ts';
import type { CloudCalls, FirstFacts } from '../cloud/lifecycle.ts';
import { LABEL } from '../cloud/labels.ts';
import { machineName } from '../cloud/machine-name.ts';
import { poll } from '../cloud/poll.ts';
import type { MachineRequest } from '../provider.ts';
import type { TypeChooser } from './choose-type.ts';
import type { GceClient, Operation } from './client.ts';
import { isEnding, placeOf, readInstance, type Instance } from './instance.ts';
import { instanceBody } from './instance-body.ts';
import { listInstances } from './list.ts';
import { requestId } from './request-id.ts';

/** @throws IaasError not-found */
export type FindInstance = (id: string, what: string, signal?: AbortSignal) => Promise<Instance>;

/** The calls of the life of a machine, and the instance as GCE shows it. */
export function gceCalls(
  spec: GceIaasSpec,
  lineage: string,
  client: GceClient,
  types: TypeChooser,
): { readonly calls: CloudCalls; readonly instance: FindInstance } {
  const { name, timeout } = spec;

  /** The instance; undefined where there is none, or one of somebody else. */
  async function instanceOf(id: string, what: string, signal?: AbortSignal): Promise<Instance | undefined> {
    const at = placeOf(id);
    if (!at) return undefined;
    const path = `zones/${at.zone}/instances/${at.name}`;
    const instance = await client.find<Instance>({ what, path, signal });
    return instance && readInstance(spec, lineage, instance) ? instance : undefined;
  }

  async function instance(id: string, what: string, signal?: AbortSignal): Promise<Instance> {
    const found = await instanceOf(id, what, signal);
    if (found) return found;
    throw new IaasError(name, 'not-found', `Cannot ${what} as ${name} has no such machine of this project: ${id}`, {
      hint: 'stratos vm ls',
    });
  }

  /** Begins an operation on a machine, and waits for its end. */
  async function tell(id: string, what: string, verb?: string, signal?: AbortSignal): Promise<void> {
    const { zone = '', name: machine = '' } = placeOf(id) ?? {};
    const path = `zones/${zone}/instances/${machine}${verb === undefined ? '' : `/${verb}`}`;
    const operation = await client.ask<Operation>({
      what,
      method: verb === undefined ? 'DELETE' : 'POST',
      path,
      signal,
    });
    await client.finish(what, operation, signal);
  }

  async function makeIn(zone: string, request: MachineRequest, first: FirstFacts): Promise<string> {
    const { vm, size, hostKey, signal } = request;
    const what = `create VM ${vm}`;
    // A name of GCE begins with a letter.
    const machine = `s${machineName(lineage, vm, name)}`;
    const id = `${zone}/${machine}`;
    const machineType = await types.choose(size, zone, signal);
    try {
      const operation = await client.ask<Operation>({
        what,
        method: 'POST',
        path: `zones/${zone}/instances`,
        query: { requestId: requestId(lineage, vm, zone, hostKey.publicKey) },
        json: instanceBody(spec, { name: machine, zone, machineType, size, ...first }),
        signal,
      });
      await client.finish(what, operation, signal);
    } catch (error) {
      if (!(error instanceof IaasError)) throw error;
      // The name is taken where an earlier answer was lost, and labels are found a little later than they are written.
      if (error.failure === 'invalid' && (await instanceOf(id, what, signal))) return id;
      // What is not found is the image or the network: no machine was asked for.
      if (error.failure === 'not-found') throw new IaasError(name, 'invalid', error.message, { cause: error });
      throw error;
    }
    return id;
  }

  const calls: CloudCalls = {
    async list(vm, signal) {
      const labels = { [LABEL.lineage]: lineage, ...(vm !== undefined && { [LABEL.vm]: vm }) };
      const what = vm === undefined ? `list the machines of ${name}` : `look for VM ${vm}`;
      const all = await listInstances(name, client, labels, what, signal);
      return all.flatMap((each) => readInstance(spec, lineage, each) ?? []);
    },
    async find(id, signal) {
      const found = await instanceOf(id, `find machine ${id}`, signal);
      return found && readInstance(spec, lineage, found);
    },
    async make(request, first) {
      const zones = request.zone === undefined ? spec.zones : [request.zone];
      return firstWithRoom(zones, (zone = '') => makeIn(zone, request, first));
    },
    async start(id, signal) {
      const what = `start machine ${id}`;
      const look = async (): Promise<Instance | undefined> => {
        const now = await instance(id, what, signal);
        return isEnding(now) ? undefined : now;
      };
      const still = await poll(look, { timeout, interval: millis(500), signal });
      if (!still) throw new IaasError(name, 'unavailable', `Cannot ${what} in time as it is stopping`);
      await tell(id, what, still.status === 'SUSPENDED' ? 'resume' : 'start', signal);
    },
    stop: (id) => tell(id, `stop machine ${id}`, 'stop'),
    remove: (id) => tell(id, `delete machine ${id}`),
  };
  return { calls, instance };
}
