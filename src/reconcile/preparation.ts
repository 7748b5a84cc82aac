/** What a VM is prepared with: everything of ours that is not a process. */
import { GATEWAY_UNIT } from '../gateway/gateway-unit.ts';
import type { PrepareInput } from '../lxc/prepare.ts';

/** The input of preparing one VM; its fingerprint tells whether the VM has got it. `network` is its processes' CIDR. */
export function preparationOf(lineage: string, vm: string, network: string): PrepareInput {
  return { lineage, vm, network, units: { [GATEWAY_UNIT.name]: GATEWAY_UNIT.text } };
}
