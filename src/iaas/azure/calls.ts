/** What Azure does with one machine. What an operation failed of is known when that is done. */
import type { VirtualMachine } from '@azure/arm-compute';
import { IaasError } from '../../model/errors.ts';
import type { Machine } from '../../model/observation.ts';
import type { AzureIaasSpec } from '../../model/iaas/azure.ts';
import { firstWithRoom } from '../cloud/first-with-room.ts';
import type { CloudCalls, FirstFacts } from '../cloud/lifecycle.ts';
import { machineName } from '../cloud/machine-name.ts';
import type { MachineRequest } from '../provider.ts';
import type { AzureAccount, Asking } from './account.ts';
import { readStatus } from './failures.ts';
import { listMachines } from './list.ts';
import { isMachineId, labelsOf, readMachine } from './machine.ts';
import { partsOf } from './resource-id.ts';
import type { Sizes } from './sizes.ts';
import { vmBody } from './vm-body.ts';

/** A machine of ours, in Azure's form. @throws IaasError not-found */
export type FindVm = (id: string, asking: Asking) => Promise<VirtualMachine>;

/** The calls of the life of a machine. */
export function azureCalls(
  spec: AzureIaasSpec,
  lineage: string,
  account: AzureAccount,
  sizes: Sizes,
): { readonly calls: CloudCalls; readonly findVm: FindVm } {
  const { name, resourceGroup } = spec;

  async function vmOf(id: string, asking: Asking): Promise<VirtualMachine | undefined> {
    if (!isMachineId(id)) return undefined;
    const vm = await account.find(asking, ({ compute }, abortSignal) =>
      compute.virtualMachines.get(resourceGroup, id, { expand: 'instanceView', abortSignal }),
    );
    return vm && labelsOf(vm, lineage) ? vm : undefined;
  }

  async function find(id: string, signal?: AbortSignal): Promise<Machine | undefined> {
    const asking = { what: `find machine ${id}`, signal };
    const vm = await vmOf(id, asking);
    const labels = vm && labelsOf(vm, lineage);
    if (!labels) return undefined;
    const nic = vm.networkProfile?.networkInterfaces?.[0]?.id;
    const network =
      nic === undefined
        ? undefined
        : await account.find(asking, (azure, abortSignal) => {
            const at = partsOf(nic);
            const expand = spec.publicAddress ? { expand: 'ipConfigurations/publicIPAddress' } : {};
            return azure.network.networkInterfaces.get(at.group, at.name, { ...expand, abortSignal });
          });
    return readMachine(spec, vm, labels, { statuses: vm.instanceView?.statuses ?? [], network });
  }

  async function remove(id: string, signal?: AbortSignal): Promise<void> {
    await account.find({ what: `delete machine ${id}`, signal }, ({ compute }, abortSignal) =>
      compute.virtualMachines.delete(resourceGroup, id, { abortSignal }),
    );
  }

  /** Azure keeps what it failed to make, and would not make it in another zone. */
  async function clear(id: string, signal?: AbortSignal): Promise<void> {
    if ((await find(id, signal))?.state === 'failed') await remove(id, signal);
  }

  async function makeIn(zone: string | undefined, request: MachineRequest, first: FirstFacts): Promise<string> {
    const { vm, size, signal } = request;
    const id = machineName(lineage, vm, name);
    const what = `create VM ${vm}`;
    const vmSize = await sizes.choose(size, zone);
    const body = vmBody(spec, { ...first, name: id, vm, vmSize, size, zone });
    try {
      await account.ask({ what, signal }, ({ compute }, abortSignal) =>
        compute.virtualMachines.createOrUpdate(resourceGroup, id, body, { abortSignal }),
      );
    } catch (error) {
      if (!(error instanceof IaasError) || error.failure === 'unavailable' || error.failure === 'unauthorized')
        throw error;
      await clear(id, signal);
      // What is not found is the group, the image or the network: no machine was asked for.
      if (error.failure === 'not-found') throw new IaasError(name, 'invalid', error.message, { cause: error });
      throw error;
    }
    return id;
  }

  const tell = async (verb: 'start' | 'deallocate', asking: Asking, id: string): Promise<void> => {
    await account.ask(asking, ({ compute }, abortSignal) =>
      compute.virtualMachines[verb](resourceGroup, id, { abortSignal }),
    );
  };

  const calls: CloudCalls = {
    async list(vm, signal) {
      if (vm === undefined) return listMachines(spec, lineage, account);
      const machine = await find(machineName(lineage, vm, name), signal);
      return machine ? [machine] : [];
    },
    find,
    async make(request, first) {
      const zones = request.zone === undefined ? spec.zones : [request.zone];
      return firstWithRoom(zones, (zone) => makeIn(zone, request, first));
    },
    start: (id, signal) => tell('start', { what: `start machine ${id}`, signal }, id),
    // Switched off alone it would be paid for still.
    stop: (id) => tell('deallocate', { what: `stop machine ${id}` }, id),
    remove: (id) => remove(id),
    async faultOf(id, vm) {
      const asking = { what: `create VM ${vm}` };
      const view = (await vmOf(id, asking))?.instanceView;
      const told = view?.statuses?.find(({ level }) => level === 'Error');
      if (!told) return undefined;
      const { failure, words } = readStatus(told);
      // Only what never had power is shown as failed.
      return { error: new IaasError(name, failure, `Cannot ${asking.what} as ${words}`), neverRan: true };
    },
  };
  return {
    calls,
    async findVm(id, asking) {
      const vm = await vmOf(id, asking);
      if (vm) return vm;
      throw new IaasError(
        name,
        'not-found',
        `Cannot ${asking.what} as ${name} has no such machine of this project: ${id}`,
        {
          hint: 'stratos vm ls',
        },
      );
    },
  };
}
