/** The label of a local VM, `machine.json` in its directory: what `list` reads, and what a restart of the machine starts from. */
import { open, readFile, readdir, rename } from 'node:fs/promises';
import type { MachineProcess } from '../../model/observation.ts';
import type { VmSize } from '../../model/vm-size.ts';
import { isContainerOf } from './names.ts';
import { vmLayout, type RootLayout } from './layout.ts';

export interface MachineRecord {
  readonly lineage: string;
  readonly vm: string;
  readonly partition: string;
  /** Entry of the spec that made it. Undefined: an earlier version of Stratos did. */
  readonly iaas?: string;
  readonly size: VmSize;
  readonly address: string;
  readonly mac: string;
  /** Public host key that was injected. Empty: none was. */
  readonly hostKey: string;
  /** The process that the VM itself is. Undefined: it holds processes. */
  readonly process?: MachineProcess;
  /** Root file system under the VM's overlay; stays this VM's even when a newer base is made. */
  readonly base: string;
  /** `building` until all its files are there, `deleting` from the first moment something is taken away. */
  readonly phase: 'building' | 'ready' | 'deleting';
  /** ISO 8601, UTC. */
  readonly createdAt: string;
}

/** Reads a label; undefined when there is none, or none that can be read (a machine that is not there, or half made). */
export async function readRecord(file: string): Promise<MachineRecord | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(file, 'utf8'));
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Writes a label so that a reader, or a run after a crash, finds the old one or the new one whole. */
export async function writeRecord(file: string, record: MachineRecord): Promise<void> {
  const temporary = `${file}.new`;
  const handle = await open(temporary, 'w', 0o600);
  try {
    await handle.writeFile(`${JSON.stringify(record, undefined, 2)}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, file);
}

/** The labels of one lineage's machines under a root, by container name. */
export async function readRecords(layout: RootLayout, lineage: string): Promise<ReadonlyMap<string, MachineRecord>> {
  const names = (await readdir(layout.vms).catch(() => [])).filter((name) => isContainerOf(lineage, name)).sort();
  const records = await Promise.all(names.map((name) => readRecord(vmLayout(layout, name).record)));
  const found = new Map<string, MachineRecord>();
  names.forEach((name, i) => {
    const record = records[i];
    // Two lineages can share a mark; the label decides.
    if (record?.lineage === lineage) found.set(name, record);
  });
  return found;
}

function isRecord(value: unknown): value is MachineRecord {
  if (typeof value !== 'object' || value === null) return false;
  const record = value as Record<string, unknown>;
  const texts = ['lineage', 'vm', 'partition', 'address', 'mac', 'hostKey', 'base', 'phase', 'createdAt'];
  return texts.every((key) => typeof record[key] === 'string') && typeof record.size === 'object';
}
