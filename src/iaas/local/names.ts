/** Names of what this adapter makes on the operator's machine. Pure: the same lineage and VM always give the same names. */
import { createHash } from 'node:crypto';
import { lineageMark, LONGEST_NAME, machineName } from '../cloud/machine-name.ts';

/** Whether a name can be a VM's: letters, digits and hyphens, as a host name has them. */
export function isVmName(vm: string): boolean {
  return /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(vm);
}

/** Name of a VM's container and of its directory, unique on this machine. */
export { machineName as containerName };

/** Whether an id can be one of this lineage's; ids become paths, so nothing else passes. */
export function isContainerOf(lineage: string, id: string): boolean {
  return id.length <= LONGEST_NAME && /^[0-9a-f]{8}-[a-z0-9-]+$/.test(id) && id.startsWith(`${lineageMark(lineage)}-`);
}

/** The host's end of a VM's network cable; within the kernel's 15 characters. */
export function vethName(container: string, root: string): string {
  return `stv${createHash('sha256').update(`${root}\0${container}`).digest('hex').slice(0, 10)}`;
}

/** The nftables table of a bridge. */
export function tableName(bridge: string): string {
  return `stratos-${bridge}`;
}
