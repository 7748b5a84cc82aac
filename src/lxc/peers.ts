/** Who may use the published ports of a VM's processes. */
import { script, type ScriptStep } from '../shell/command.ts';
import { LAYOUT } from './layout.ts';
import { parseCidr } from './network.ts';
import text from './scripts/peers.sh';

/**
 * Replaces the addresses of the partition's VMs on one of them; only from there its published ports answer. Takes what is an
 * IPv4 address, as published ports are IPv4, and leaves out the rest. The order does not matter. Survives a reboot.
 */
export function peersStep(addresses: readonly string[]): ScriptStep {
  const valid = [...new Set(addresses)].filter((address) => parseCidr(`${address}/32`)).sort();
  return script({ name: 'peers', text }, 'set the peers', [LAYOUT.peers, `${LAYOUT.bin}/network-up`, ...valid]);
}
