/**
 * The inventory while a run changes it. Changes are applied in memory at once and written in groups: one write serves all
 * changes that came while the previous one was under way, and a caller that awaits knows its change is on disk.
 */
import type { Inventory, ProcessRecord, VmRecord } from '../model/inventory.ts';
import type { RevisionRecord } from '../model/revision.ts';
import type { InventoryStore } from '../inventory/inventory-store.ts';

export interface Recorder {
  vm(name: string): VmRecord | undefined;
  process(name: string): ProcessRecord | undefined;
  vms(): readonly VmRecord[];
  processes(): readonly ProcessRecord[];
  /** The processes on one VM, found without looking at all others. */
  processesOn(vm: string): readonly ProcessRecord[];
  revisions(): readonly RevisionRecord[];
  putVm(record: VmRecord): void;
  putProcess(record: ProcessRecord): void;
  putRevision(record: RevisionRecord): void;
  dropVm(name: string): void;
  dropProcess(name: string): void;
  dropRevision(name: string): void;
  /** Resolves when everything changed so far is durable. @throws StaleInventoryError, ProjectFileError */
  commit(): Promise<void>;
  /** The inventory as last written. */
  current(): Inventory;
}

/** Records changes of one run on top of `inventory`, which must be what `store` holds now. */
export function recorder(store: InventoryStore, inventory: Inventory): Recorder {
  let written = inventory;
  const vms = new Map(inventory.vms.map((vm) => [vm.name, vm]));
  const processes = new Map(inventory.processes.map((process) => [process.name, process]));
  const revisions = new Map(inventory.revisions?.map((revision) => [revision.name, revision]));
  const byVm = new Map<string, Set<string>>();
  for (const process of inventory.processes) namesOn(process.vm).add(process.name);
  let dirty = false;
  let writing: Promise<void> | undefined;

  function namesOn(vm: string): Set<string> {
    let names = byVm.get(vm);
    if (!names) byVm.set(vm, (names = new Set()));
    return names;
  }

  async function writeOnce(): Promise<void> {
    dirty = false;
    try {
      const history = revisions.size > 0 ? { revisions: byNumber(revisions) } : {};
      const { revisions: _before, ...rest } = written;
      written = await store.write({ ...rest, vms: sorted(vms), processes: sorted(processes), ...history });
    } catch (error) {
      dirty = true;
      throw error;
    }
  }

  /** Writes until nothing is left to write; everyone who waits shares it. */
  async function writeAll(): Promise<void> {
    try {
      while (dirty) await writeOnce();
    } finally {
      writing = undefined;
    }
  }

  return {
    vm: (name) => vms.get(name),
    process: (name) => processes.get(name),
    vms: () => [...vms.values()],
    processes: () => [...processes.values()],
    revisions: () => [...revisions.values()],
    processesOn: (vm) => [...namesOn(vm)].flatMap((name) => processes.get(name) ?? []),
    putVm(record) {
      vms.set(record.name, record);
      dirty = true;
    },
    putProcess(record) {
      const before = processes.get(record.name);
      if (before && before.vm !== record.vm) namesOn(before.vm).delete(record.name);
      processes.set(record.name, record);
      namesOn(record.vm).add(record.name);
      dirty = true;
    },
    putRevision(record) {
      revisions.set(record.name, record);
      dirty = true;
    },
    dropVm(name) {
      if (vms.delete(name)) dirty = true;
    },
    dropProcess(name) {
      const before = processes.get(name);
      if (!before) return;
      processes.delete(name);
      namesOn(before.vm).delete(name);
      dirty = true;
    },
    dropRevision(name) {
      if (revisions.delete(name)) dirty = true;
    },
    async commit() {
      if (!dirty && !writing) return;
      // A change made while a write is under way is not in it: the loop of `writeAll` takes it, and we wait for that.
      writing ??= Promise.resolve().then(writeAll);
      await writing;
    },
    current: () => written,
  };
}

function sorted<T extends { readonly name: string }>(records: ReadonlyMap<string, T>): T[] {
  return [...records.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** `shop@9` before `shop@10`. */
function byNumber(revisions: ReadonlyMap<string, RevisionRecord>): RevisionRecord[] {
  return [...revisions.values()].sort((a, b) =>
    a.subscription === b.subscription ? a.number - b.number : a.subscription < b.subscription ? -1 : 1,
  );
}
