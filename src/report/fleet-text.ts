import type { Inventory } from '../model/inventory.ts';
import { count } from './count-text.ts';

/** What there is, in a few words: `4 processes on 2 VMs`. */
export function fleetText(inventory: Pick<Inventory, 'vms' | 'processes'>): string {
  return `${count(inventory.processes.length, 'process', 'processes')} on ${count(inventory.vms.length, 'VM')}`;
}
