/** How one logs in to a process that is a VM: as its cartridge says, at the address that its IaaS tells. */
import { NotFoundError, UsageError } from '../model/errors.ts';
import type { Endpoint } from '../model/endpoint.ts';
import type { ProcessRecord, VmRecord } from '../model/inventory.ts';
import type { GuestLogin, Spec } from '../model/spec.ts';

export interface GuestAccess {
  readonly login: GuestLogin;
  readonly endpoint: Endpoint;
}

/**
 * @param what what it is for, after "Cannot": `read the log of shop-1`
 * @throws UsageError where its cartridge lets nobody in; NotFoundError when it has no address yet
 */
export function guestAccess(spec: Spec, record: ProcessRecord, vm: VmRecord, what: string): GuestAccess {
  const { cartridge = '' } = spec.subscriptions[record.subscription] ?? {};
  const login = spec.cartridges[cartridge]?.ssh;
  if (!login)
    throw new UsageError(`Cannot ${what} as nobody logs in to a VM that is a process: ${vm.name}`, {
      hint: `cartridges.${cartridge || 'NAME'}.ssh in the spec says how one does`,
    });
  if (!vm.endpoint)
    throw new NotFoundError(`Cannot ${what} as its VM has no address yet: ${vm.name}`, { hint: 'stratos reconcile' });
  const { user, port, hostKeys = vm.endpoint.hostKeys, key } = login;
  if (hostKeys.length === 0)
    throw new UsageError(`Cannot ${what} as no host key is known of its VM, which was made without one: ${vm.name}`, {
      hint: `cartridges.${cartridge}.ssh.hostKey, or {{hostKey}} in its userData for machines to come`,
    });
  return { login, endpoint: { ...vm.endpoint, user, port, hostKeys, ...(key !== undefined && { identityFile: key }) } };
}
