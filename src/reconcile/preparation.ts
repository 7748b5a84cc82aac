/** What a VM is prepared with: everything of ours that is not a process. */
import { GATEWAY_UNIT } from '../gateway/gateway-unit.ts';
import type { PrepareInput } from '../lxc/prepare.ts';
import type { CartridgeSpec, PartitionSpec } from '../model/spec.ts';

/** The input of preparing one VM; its fingerprint tells whether the VM has got it. Podman is there where a cartridge of the partition runs by it. */
export function preparationOf(
  lineage: string,
  vm: string,
  partition: Pick<PartitionSpec, 'name' | 'network'>,
  cartridges: Readonly<Record<string, Pick<CartridgeSpec, 'partition' | 'runtime'>>>,
): PrepareInput {
  const podman = Object.values(cartridges).some(
    (cartridge) => cartridge.partition === partition.name && cartridge.runtime === 'podman',
  );
  const { network } = partition;
  return { lineage, vm, network, units: { [GATEWAY_UNIT.name]: GATEWAY_UNIT.text }, ...(podman ? { podman } : {}) };
}
