/** Whether anybody can log in to a VM. */
import type { Endpoint } from '../model/endpoint.ts';
import { NotFoundError, UsageError } from '../model/errors.ts';
import type { VmRecord } from '../model/inventory.ts';

/**
 * How a VM is logged in to.
 * @param what what it is for, after "Cannot": `read the log of shop-1`
 * @throws UsageError for one that is a process itself; NotFoundError when it has no address yet
 */
export function loginTo(vm: Pick<VmRecord, 'name' | 'endpoint' | 'runtime'>, what: string): Endpoint {
  if (vm.runtime === 'vm')
    throw new UsageError(`Cannot ${what} as nobody logs in to a VM that is a process: ${vm.name}`, {
      hint: `stratos vm show ${vm.name}`,
    });
  if (!vm.endpoint)
    throw new NotFoundError(`Cannot ${what} as its VM has no address yet: ${vm.name}`, { hint: 'stratos reconcile' });
  return vm.endpoint;
}
