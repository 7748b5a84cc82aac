/** Ways from the processes of one partition to what they need in another: each VM's own gateway hands on to the gateways over there. */
import { gatewayAddress } from '../lxc/network.ts';
import type { VmRecord } from '../model/inventory.ts';
import { passagesInto } from '../model/needs.ts';
import type { Spec } from '../model/spec.ts';

/** A port at the VM's own address on its bridge: only its own processes reach it. */
export interface GatewayPassage {
  /** What is needed. */
  readonly alias: string;
  /** Where the processes of the VM find it: the address never changes, whatever VMs come and go. */
  readonly address: string;
  readonly port: number;
  /** VMs whose gateways serve it, by name. */
  readonly targets: readonly { readonly vm: string; readonly address: string }[];
}

/** The passages of every gateway of a partition; `vmsOf` tells the VMs of another one. */
export function passagesOf(
  spec: Spec,
  partition: string,
  vmsOf: (partition: string) => readonly VmRecord[],
): readonly GatewayPassage[] {
  const network = spec.partitions[partition]?.network;
  if (network === undefined) return [];
  return passagesInto(spec, partition).flatMap((alias) => {
    const { port, cartridge = '' } = spec.subscriptions[alias] ?? {};
    if (port === undefined) return [];
    const targets = vmsOf(spec.cartridges[cartridge]?.partition ?? '')
      .flatMap(({ name, endpoint, state }) =>
        endpoint && state !== 'deleting' ? [{ vm: name, address: endpoint.address }] : [],
      )
      .sort((a, b) => (a.vm < b.vm ? -1 : 1));
    return [{ alias, address: gatewayAddress(network), port, targets }];
  });
}
