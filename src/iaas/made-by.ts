/** Whose a machine is where two entries of the spec are in one account. Pure. */
import type { Machine } from '../model/observation.ts';

/** Whether an entry made a machine, or may have: what an earlier version made does not say. */
export function madeBy(iaas: string): (machine: Pick<Machine, 'iaas'>) => boolean {
  return (machine) => (machine.iaas ?? iaas) === iaas;
}
