/** `cartridge prune`: what nothing needs leaves the store of this machine. */
import type { PrunedStore, PruneSettings } from '../commands/cartridge-use-cases.ts';
import { bytes } from '../model/quantity.ts';
import type { Deps } from '../reconcile/deps.ts';
import type { DirectoryStore } from '../store/directory-store.ts';
import { isRevisionName } from '../store/revision-name.ts';

/** Removes names, and with the last of an image its blobs. @throws StoreError */
export async function pruneUseCase(
  deps: Deps,
  store: DirectoryStore,
  { keep, dryRun }: Pick<PruneSettings, 'keep' | 'dryRun'>,
): Promise<Omit<PrunedStore, 'builds'>> {
  const [spec, inventory, entries] = await Promise.all([deps.loadSpec(), deps.inventory.read(), store.list()]);
  const reasons = new Map<string, string>();
  const because = (digest: string | undefined, why: string): void => {
    if (digest !== undefined && !reasons.has(digest)) reasons.set(digest, why);
  };
  for (const { name, image } of Object.values(spec.cartridges)) {
    const found = await store.find(image).catch(() => undefined);
    because(found?.digest, `cartridge ${name} of the spec`);
  }
  for (const { name, image } of inventory.processes) because(image, `process ${name}`);
  for (const { digest } of inventory.images ?? []) because(digest, 'pinned by the inventory');
  const dated = entries.map(async (entry) => ({
    ...entry,
    created: (await store.find(entry.digest).catch(() => undefined))?.created ?? '',
  }));
  const byName = Map.groupBy(await Promise.all(dated), ({ reference }) =>
    reference.slice(0, reference.lastIndexOf(':')),
  );
  for (const [name, all] of byName) {
    // A revision may have an image that is older than the one before it: it went back.
    const newestFirst = isRevisionName(name)
      ? all.toSorted((a, b) => revisionNumber(b.reference) - revisionNumber(a.reference))
      : all.toSorted((a, b) => (a.created < b.created ? 1 : -1));
    const newest = [...new Set(newestFirst.map(({ digest }) => digest))];
    for (const digest of newest.slice(0, keep)) because(digest, `one of the newest ${String(keep)} of ${name}`);
  }
  const kept = entries.flatMap(({ reference, digest }) => {
    const why = reasons.get(digest);
    return why === undefined ? [] : [{ reference, why }];
  });
  const leaving = entries.filter(({ digest }) => !reasons.has(digest));
  // A name that a build moves meanwhile stays.
  const freed = dryRun || leaving.length === 0 ? 0 : await store.removeEntries(leaving);
  return { removed: leaving.map(({ reference }) => reference), kept, freed: bytes(freed) };
}

function revisionNumber(reference: string): number {
  return Number(reference.slice(reference.lastIndexOf(':') + 1));
}
