import { formatBytes } from '../model/quantity.ts';
import type { ResourceSpec } from '../model/spec.ts';
import type { VmSize } from '../model/vm-size.ts';

/** What a process takes of a VM. CPU in thousandths of a core, so that sums are exact. */
export interface Demand {
  readonly cpu: number;
  readonly memory: number;
}

/** What a VM has left. Below zero where more is on it than it should carry. */
export interface Room {
  readonly cpu: number;
  readonly memory: number;
  /** Further processes. */
  readonly places: number;
}

export const NOTHING: Demand = { cpu: 0, memory: 0 };

export function demandOf(resources: Pick<ResourceSpec, 'cpu' | 'memory'>): Demand {
  return { cpu: Math.round(resources.cpu * 1000), memory: resources.memory };
}

export function roomOf(size: VmSize, places: number): Room {
  return { ...demandOf(size), places };
}

export function minus(room: Room, demand: Demand): Room {
  return { cpu: room.cpu - demand.cpu, memory: room.memory - demand.memory, places: room.places - 1 };
}

export function plus(room: Room, demand: Demand): Room {
  return { cpu: room.cpu + demand.cpu, memory: room.memory + demand.memory, places: room.places + 1 };
}

export function fitsInto(room: Room, demand: Demand): boolean {
  return room.places >= 1 && room.cpu >= demand.cpu && room.memory >= demand.memory;
}

/** The same for all that fit the same VMs. */
export function shapeOf({ cpu, memory }: Demand): string {
  return `${cpu}/${memory}`;
}

export function isOverdrawn(room: Room): boolean {
  return room.places < 0 || room.cpu < 0 || room.memory < 0;
}

/** `256Mi and 0.5 CPU`. */
export function formatDemand({ cpu, memory }: Demand): string {
  return `${memory <= 0 ? '0' : formatBytes(memory)} and ${Math.max(0, cpu) / 1000} CPU`;
}
