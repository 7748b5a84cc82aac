/**
 * Machines that are processes and that their IaaS does not list. Nobody can enter them to see that they are there, but gateways know, and
 * where none leads to them the operator's machine asks: half a listing must not have another machine made beside one that serves.
 */
import type { Inventory, ProcessRecord, VmRecord } from '../model/inventory.ts';
import type { IaasObservation, VmObservation } from '../model/observation.ts';
import { gatewayHome, type Spec } from '../model/spec.ts';
import { millis } from '../model/quantity.ts';
import { healthAddressOf, whyNoAnswerIn } from './answers-here.ts';
import { observeGuest } from './observe-guest.ts';

/** How long one of which no gateway tells has to show that it is there. */
const PATIENCE = millis(2000);

/**
 * What is seen besides, by VM: recorded machines that no listing has, and that a gateway's checks find up, or that answer from where no
 * gateway has checks of them. Asks only where there are such. @throws InterruptedError when the signal aborts
 */
export async function unlistedGuests(
  spec: Spec,
  inventory: Inventory,
  iaas: Readonly<Record<string, IaasObservation>>,
  ask: (gateway: VmRecord) => Promise<VmObservation | undefined>,
  signal: AbortSignal,
): Promise<Readonly<Record<string, VmObservation>>> {
  const missing = inventory.vms.filter((vm) => isMissing(vm, iaas[vm.iaas]));
  if (missing.length === 0) return {};
  const homes = new Set(missing.map(({ partition }) => gatewayHome(spec.partitions, partition)));
  const gateways = inventory.vms.filter((vm) => homes.has(vm.partition) && !vm.runtime && vm.state !== 'creating');
  const told = new Map<string, boolean>();
  for (const seen of await Promise.all(gateways.map(ask)))
    if (seen?.status === 'reached')
      for (const [process, isUp] of Object.entries(seen.gateway.servers))
        told.set(process, isUp || told.get(process) === true);
  const found: Record<string, VmObservation> = {};
  const isThere = (vm: VmRecord, process: ProcessRecord): Promise<boolean> | boolean =>
    told.get(process.name) ?? answersHere(spec, iaas, vm, process, signal);
  const looked = missing.map(async (vm) => {
    const process = inventory.processes.find((candidate) => candidate.vm === vm.name);
    if (!process || !(await isThere(vm, process))) return;
    const { name, fingerprint } = process;
    const machine = { id: vm.machine ?? '', vm: vm.name, partition: vm.partition, process: { name, fingerprint } };
    found[vm.name] = observeGuest(spec, inventory, { ...machine, state: 'running' }, vm, process);
  });
  await Promise.all(looked);
  return found;
}

/** Whether it answers to this machine. What answers at an address that a listed machine has is that one. */
async function answersHere(
  { cartridges, subscriptions }: Spec,
  iaas: Readonly<Record<string, IaasObservation>>,
  vm: VmRecord,
  { subscription }: ProcessRecord,
  signal: AbortSignal,
): Promise<boolean> {
  const cartridge = cartridges[subscriptions[subscription]?.cartridge ?? ''];
  const at = cartridge && healthAddressOf(cartridge, vm);
  const listed = Object.values(iaas).flatMap((listing) => (listing.status === 'listed' ? listing.machines : []));
  if (!at || listed.some(({ endpoint }) => endpoint?.address === at.address)) return false;
  return (await whyNoAnswerIn(PATIENCE, at, signal)) === undefined;
}

function isMissing({ runtime, machine, state }: VmRecord, listing: IaasObservation | undefined): boolean {
  if (!runtime || machine === undefined || state === 'creating' || state === 'deleting') return false;
  return listing?.status === 'listed' && !listing.machines.some(({ id }) => id === machine);
}
