/** Prices that an IaaS tells itself, where the spec says none: asked for when they decide something, and once a day at most. */
import type { PriceTable, PriceTables } from '../inventory/price-file.ts';
import { smallestFit } from '../iaas/cloud/smallest-fit.ts';
import { InterruptedError, StratosError } from '../model/errors.ts';
import type { PlacementSpec, Spec } from '../model/spec.ts';
import type { PricedSize, VmSize } from '../model/vm-size.ts';
import type { Deps } from './deps.ts';

/** How long in ms a table is taken as it is. */
const DAY = 86_400_000;
/** How long in ms an IaaS that did not answer is not asked again. */
const PATIENCE = 3_600_000;

/**
 * The spec with the prices that its IaaS tell. Nothing is asked or read where no budget and no `cheapest` counts prices, or where the
 * spec has them all; an IaaS that does not answer leaves the table of the last time, whatever its age.
 */
export async function withToldPrices(deps: Deps, spec: Spec, lineage: string): Promise<Spec> {
  const wanted = countsPrices(spec) ? unpriced(spec) : [];
  if (wanted.length === 0) return spec;
  const known = await deps.prices.read();
  const tables: Record<string, PriceTable> = {};
  for (const name of wanted) {
    const table = await tableOf(deps, spec, name, lineage, known[name]);
    if (table) tables[name] = table;
  }
  const changed = Object.entries(tables).filter(([name, table]) => known[name] !== table);
  if (changed.length > 0) await deps.prices.write({ ...known, ...Object.fromEntries(changed) }).catch(notFatal(deps));
  return withPrices(spec, tables);
}

/** The same with what was told before: nothing is asked. */
export async function withKnownPrices(deps: Deps, spec: Spec): Promise<Spec> {
  return unpriced(spec).length === 0 ? spec : withPrices(spec, await deps.prices.read());
}

/** Whether any decision counts what machines cost. */
function countsPrices({ guards, partitions }: Spec): boolean {
  if (guards.maxCostPerHour !== undefined) return true;
  return Object.values(partitions).some(({ policy }) => policy.algorithm === 'cheapest');
}

/** IaaS of which a size that may be asked for has no price, in the order of the spec. */
function unpriced({ iaas, partitions }: Spec): readonly string[] {
  const names = new Set(
    Object.values(partitions).flatMap(({ placement }) =>
      placement.flatMap((entry) => (lacksPrice(entry) ? [entry.iaas] : [])),
    ),
  );
  return Object.keys(iaas).filter((name) => names.has(name));
}

function lacksPrice({ price, sizes }: PlacementSpec): boolean {
  return sizes ? sizes.some((size) => size.price === undefined) : price === undefined;
}

async function tableOf(
  deps: Deps,
  spec: Spec,
  name: string,
  lineage: string,
  known: PriceTable | undefined,
): Promise<PriceTable | undefined> {
  const entry = spec.iaas[name];
  if (!entry) return undefined;
  const now = deps.now();
  const of = JSON.stringify(entry);
  const same = known?.of === of ? known : undefined;
  if (same && now >= same.at && now - same.at < (same.failed ? PATIENCE : DAY)) return same;
  try {
    const provider = await deps.providerOf(entry, lineage);
    if (!provider.capabilities.prices || !provider.sizes) return undefined;
    return { at: now, of, sizes: await provider.sizes() };
  } catch (error) {
    if (!(error instanceof StratosError) || error instanceof InterruptedError) throw error;
    deps.emit({ type: 'warning', message: `Prices of ${name} are those of the last time: ${error.message}` });
    return { at: now, of, sizes: same?.sizes ?? [], failed: true };
  }
}

function notFatal(deps: Deps): (error: unknown) => void {
  return (error) => {
    if (!(error instanceof StratosError)) throw error;
    deps.emit({ type: 'warning', message: error.message });
  };
}

/** The spec where each size without a price has that of its IaaS: by name, else that of the size which the IaaS would choose. Pure. */
export function withPrices(spec: Spec, tables: PriceTables): Spec {
  const priceFor = (iaas: string, size: VmSize): { readonly price?: number } => {
    const offers = (Object.hasOwn(tables, iaas) ? tables[iaas]?.sizes : undefined) ?? [];
    const price = offerFor(size, offers)?.price;
    return price === undefined ? {} : { price };
  };
  const partitions = Object.fromEntries(
    Object.entries(spec.partitions).map(([name, partition]) => {
      const placement = partition.placement.map((entry): PlacementSpec => {
        const { iaas, sizes } = entry;
        if (!lacksPrice(entry)) return entry;
        if (!sizes) return { ...entry, ...priceFor(iaas, partition.policy.vm) };
        return { ...entry, sizes: sizes.map((size) => ({ ...priceFor(iaas, size), ...size })) };
      });
      return [name, { ...partition, placement }];
    }),
  );
  return { ...spec, partitions };
}

function offerFor(size: VmSize, offers: readonly PricedSize[]): PricedSize | undefined {
  if (size.name !== undefined) return offers.find(({ name }) => name === size.name);
  return smallestFit(
    size,
    offers.filter(({ usual = true }) => usual),
  );
}
