/** Which gateways a wave has to configure. */
import { passagesInto } from '../model/needs.ts';
import type { GatewayConfigure } from '../model/plan.ts';
import type { GatewaySlots } from './gateway-slots.ts';
import type { PartitionView } from './partition-view.ts';
import type { Slot } from './slot.ts';

/** Sorts the VMs of a partition; `released` are those that this plan deletes. */
export function gatewaySlots(view: PartitionView, slots: readonly Slot[], released: ReadonlySet<Slot>): GatewaySlots {
  const wanted = needsGateway(view);
  const serving: Slot[] = [];
  const joining: Slot[] = [];
  for (const slot of slots) {
    if (slot.kind === 'away' || !slot.active || slot.seen?.guest || slot.record?.runtime === 'vm') continue;
    const running = slot.seen?.gateway.running === true;
    if (released.has(slot) ? running : slot.seen && (running || (wanted && isReadyToServe(slot)))) serving.push(slot);
    // What a stopped VM serves when it starts is not known: it is configured even where nothing is to be served.
    else if ((wanted || slot.kind === 'starting') && !released.has(slot) && isReachable(view, slot)) joining.push(slot);
  }
  return { serving, joining };
}

function isReadyToServe({ record, seen }: Slot): boolean {
  return record?.state === 'ready' && seen?.prepared !== undefined;
}

/** With `only`, VMs that have nothing to do with it are not prepared and so cannot serve. */
function isReachable({ only }: PartitionView, slot: Slot): boolean {
  return only === undefined || slot.touched;
}

/** Whether anything of the partition is reached through gateways. */
export function needsGateway({ name, input, world }: PartitionView): boolean {
  if (passagesInto(input.spec, name).length > 0) return true;
  const here = [name, ...(world.guestsOf.get(name) ?? [])].flatMap((of) => world.subscriptionsOf.get(of) ?? []);
  return here.some(({ cartridge, port, hosts }) => {
    const exposed = port !== undefined || hosts.length > 0;
    return exposed && (input.spec.cartridges[cartridge]?.ports.length ?? 0) > 0;
  });
}

/** Whether what a gateway serves is not what it should with these processes in rotation. */
export function hasDrifted(view: PartitionView, slot: Slot, included: ReadonlySet<string>, wanted: boolean): boolean {
  const gateway = slot.seen?.gateway;
  if (!gateway) return true;
  const digest = view.input.gatewayDigest(slot.name, included);
  if (digest === undefined) return gateway.running;
  if (wanted && !gateway.running) return true;
  if (!wanted && !gateway.running && gateway.configDigest === undefined) return false;
  return gateway.configDigest !== digest || gateway.loadedDigest !== digest;
}

export function configureGateway(view: PartitionView, slot: Slot, released: boolean, reason: string): GatewayConfigure {
  const id = view.ids('gateway.configure', slot.name);
  const dependsOn = released || (slot.unprepared && !slot.touched && view.only) ? slot.entry : slot.after;
  return { kind: 'gateway.configure', id, vm: slot.name, dependsOn, reason };
}
