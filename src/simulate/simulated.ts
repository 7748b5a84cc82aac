/** VMs and processes of a simulation, in virtual time. */
import type { ProcessRecord } from '../model/inventory.ts';
import type { VmObservation } from '../model/observation.ts';
import type { Instant, Millis } from '../model/quantity.ts';
import type { Room } from '../plan/capacity.ts';
import type { Offer } from './choose-offer.ts';

/** How long things take. */
export interface Delays {
  /** From asking for a VM to its being prepared. */
  readonly boot: Millis;
  /** From a decision to a process that is ready, on a VM that is. */
  readonly start: Millis;
  readonly thaw: Millis;
  readonly wake: Millis;
}

export interface SimulatedVm {
  readonly name: string;
  readonly partition: string;
  readonly offer: Offer;
  readonly createdAt: Instant;
  readonly readyAt: Instant;
  free: Room;
  readonly processes: Set<SimulatedProcess>;
  /** As policy sees it; undefined: to be made anew. */
  seen?: VmObservation | undefined;
}

export interface SimulatedProcess {
  readonly name: string;
  readonly alias: string;
  readonly ordinal: number;
  readonly createdAt: Instant;
  vm: SimulatedVm;
  /** When it answers: after its start, or its waking. */
  readyAt: Instant;
  isReady: boolean;
  asleep: 'frozen' | 'stopped' | undefined;
  /** As the inventory has it; undefined: to be made anew. */
  record?: ProcessRecord | undefined;
}
