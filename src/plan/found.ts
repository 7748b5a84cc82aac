/** What is found out about the VMs of a partition before anything is planned. */
import type { Action } from '../model/plan.ts';
import type { Numbering } from './names.ts';
import type { Slot } from './slot.ts';

export interface Survey {
  /** In natural order of names. */
  readonly slots: Slot[];
  /** Actions on machines: forget, adopt, start. */
  readonly actions: Action[];
  /** Action that drops the record of a process whose VM is gone, by the process's name. */
  readonly dropped: ReadonlyMap<string, string>;
  /** Numbers of VM names; those of forgotten VMs are free again. */
  readonly numbers: Numbering;
  /** Action that forgets a VM, by its name: what takes the name again comes after it. */
  readonly forgotten: ReadonlyMap<string, string>;
  /** Machines that count towards the bounds, by IaaS. */
  readonly machinesOn: Map<string, number>;
  /** Of these, those in each zone, by {@link zoneKey}. */
  readonly machinesIn: Map<string, number>;
}

/** The same while it is being found out. */
export type Found = { -readonly [K in keyof Survey]: Survey[K] } & {
  readonly dropped: Map<string, string>;
  readonly forgotten: Map<string, string>;
};

/** Counts a machine towards the bounds. */
export function countMachine(found: Survey, iaas: string, zone: string | undefined): void {
  found.machinesOn.set(iaas, (found.machinesOn.get(iaas) ?? 0) + 1);
  if (zone === undefined) return;
  const key = zoneKey(iaas, zone);
  found.machinesIn.set(key, (found.machinesIn.get(key) ?? 0) + 1);
}

/** Names a zone of an IaaS, or all that is in none. */
export function zoneKey(iaas: string, zone: string | undefined): string {
  return `${iaas}/${zone ?? ''}`;
}

/** Machines that count towards the bounds of the partition. */
export function totalOf(survey: Pick<Survey, 'machinesOn'>): number {
  let total = 0;
  for (const machines of survey.machinesOn.values()) total += machines;
  return total;
}
