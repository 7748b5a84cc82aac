/** Requests for machines, as a run makes them. */
import type { MachineRequest } from '../../src/iaas/provider.ts';
import type { VmSize } from '../../src/model/vm-size.ts';
import { generateHostKey } from '../../src/ssh/key-pair.ts';

/** Makes requests of one size, each with a host key of its own. */
export function machineRequest(
  size: VmSize,
): (vm: string, change?: Partial<MachineRequest>) => Promise<MachineRequest> {
  const authorizedKey = generateHostKey().publicKey;
  return async (vm, change = {}) =>
    Promise.resolve({ vm, partition: 'test', size, hostKey: generateHostKey(), authorizedKey, taken: [], ...change });
}
