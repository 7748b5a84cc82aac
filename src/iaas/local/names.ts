/** Names of what this adapter makes on the operator's machine. Pure: the same lineage and VM always give the same names. */
import { createHash } from 'node:crypto';

/** Longest name of a container: it becomes part of cgroup names and of socket addresses, which are bounded. */
const LONGEST = 60;

/** Marks everything of one project: the first 8 hex digits of the lineage's hash. */
export function lineageMark(lineage: string): string {
  return hash(lineage).slice(0, 8);
}

/** Whether a name can be a VM's: letters, digits and hyphens, as a host name has them. */
export function isVmName(vm: string): boolean {
  return /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(vm);
}

/** Name of a VM's container and of its directory, unique on this machine: `1c9d03ab-web-1`. A long one ends in a hash. */
export function containerName(lineage: string, vm: string): string {
  const name = `${lineageMark(lineage)}-${vm}`;
  return name.length <= LONGEST ? name : `${name.slice(0, LONGEST - 9)}-${hash(vm).slice(0, 8)}`;
}

/** Whether an id can be one of this lineage's; ids become paths, so nothing else passes. */
export function isContainerOf(lineage: string, id: string): boolean {
  return id.length <= LONGEST && /^[0-9a-f]{8}-[a-z0-9-]+$/.test(id) && id.startsWith(`${lineageMark(lineage)}-`);
}

/** The host's end of a VM's network cable; within the kernel's 15 characters. */
export function vethName(container: string, root: string): string {
  return `stv${hash(`${root}\0${container}`).slice(0, 10)}`;
}

/** The nftables table of a bridge. */
export function tableName(bridge: string): string {
  return `stratos-${bridge}`;
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
