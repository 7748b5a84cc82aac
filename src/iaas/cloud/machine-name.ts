/** What a machine is called where names must be unique: the same lineage, IaaS and VM always give the same name. Pure. */
import { createHash } from 'node:crypto';

/** Longest name: it becomes a host name, and part of paths and names that are bounded to 63 characters. */
export const LONGEST_NAME = 60;

/** Marks everything of one project, or of one IaaS of it: the first 8 hex digits of the hash of both. */
export function lineageMark(lineage: string, iaas?: string): string {
  return hash(iaas === undefined ? lineage : `${lineage}/${iaas}`).slice(0, 8);
}

/**
 * Name of a VM's machine, unique wherever it stands: `1c9d03ab-web-1`. A long one ends in a hash.
 * @param iaas the spec's name of it, where two of the spec may be in one account
 */
export function machineName(lineage: string, vm: string, iaas?: string): string {
  const name = `${lineageMark(lineage, iaas)}-${vm}`;
  return name.length <= LONGEST_NAME ? name : `${name.slice(0, LONGEST_NAME - 9)}-${hash(vm).slice(0, 8)}`;
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
