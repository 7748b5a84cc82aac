/** What there is of each IaaS, and whether a machine could be had there before one is bought. */
import type { Finding } from '../iaas/provider.ts';
import { InterruptedError, NotFoundError, StratosError } from '../model/errors.ts';
import type { Inventory } from '../model/inventory.ts';
import type { PartitionSpec, Spec } from '../model/spec.ts';
import type { PricedSize } from '../model/vm-size.ts';
import type { Deps } from './deps.ts';
import { ownMachines } from './own-machines.ts';

export interface IaasStatus {
  readonly name: string;
  readonly kind: string;
  /** VMs of the inventory there. */
  readonly vms: number;
  /** Machines of ours that it lists; absent where it was not asked or did not answer. */
  readonly machines?: number;
  /** Why it did not answer. */
  readonly problem?: string;
  readonly partitions: readonly {
    readonly name: string;
    readonly min: number;
    /** Absent: no bound of its own. */
    readonly max?: number;
    readonly zones?: readonly string[];
  }[];
  /** Most calls at one time, and in a second; absent where there is no such bound. */
  readonly limits?: { readonly concurrency: number; readonly ratePerSecond?: number };
}

/** The IaaS of the spec, in its order. With `refresh` each is asked for its machines. */
export async function iaasList(deps: Deps, { refresh }: { readonly refresh: boolean }): Promise<readonly IaasStatus[]> {
  const [spec, inventory] = await Promise.all([deps.loadSpec(), deps.inventory.read()]);
  return Promise.all(
    Object.values(spec.iaas).map(async (entry) => ({
      name: entry.name,
      kind: entry.kind,
      vms: inventory.vms.filter((vm) => vm.iaas === entry.name).length,
      ...(refresh ? await count(deps, spec, entry.name, inventory) : {}),
      partitions: placedOn(spec, entry.name).map(({ name, entry: { min = 0, max, zones } }) => ({
        name,
        min,
        ...(Number.isSafeInteger(max) && max < Number.MAX_SAFE_INTEGER ? { max } : {}),
        ...(zones === undefined ? {} : { zones }),
      })),
      ...('concurrency' in entry
        ? {
            limits: {
              concurrency: entry.concurrency,
              ...(entry.ratePerSecond === undefined ? {} : { ratePerSecond: entry.ratePerSecond }),
            },
          }
        : {}),
    })),
  );
}

async function count(
  deps: Deps,
  spec: Spec,
  name: string,
  inventory: Inventory,
): Promise<Pick<IaasStatus, 'machines' | 'problem'>> {
  const entry = spec.iaas[name];
  if (!entry) return {};
  try {
    const listed = await (await deps.providerOf(entry, inventory.lineage)).list();
    const machines = ownMachines(spec, inventory, name, listed);
    return {
      machines: entry.kind === 'static' ? machines.length : machines.filter(({ vm }) => vm !== undefined).length,
    };
  } catch (error) {
    return { problem: messageOf(error) };
  }
}

export interface IaasCheck {
  readonly iaas: string;
  readonly kind: string;
  readonly findings: readonly Finding[];
}

/**
 * Looks at credentials first, then at whatever the adapter can survey for the sizes that partitions want there, and at their prices.
 * Buys nothing. @throws NotFoundError when the spec has no such IaaS
 */
export async function iaasCheck(deps: Deps, name: string): Promise<IaasCheck> {
  const [spec, inventory] = await Promise.all([deps.loadSpec(), deps.inventory.read()]);
  const entry = spec.iaas[name];
  if (!entry)
    throw new NotFoundError(`Cannot check IaaS ${JSON.stringify(name)} as the spec does not name it`, {
      hint: 'stratos iaas ls',
    });
  const sizes = wantedSizes(spec, name);
  try {
    const provider = await deps.providerOf(entry, inventory.lineage);
    await provider.check();
    const surveyed = (await provider.survey?.(sizes)) ?? [];
    const credentials: Finding = { subject: 'credentials', status: 'ok', detail: `${entry.kind} answers` };
    const told = surveyed.some(({ subject }) => subject === 'credentials');
    const findings = [...(told ? [] : [credentials]), ...onePriceEach(spec, sizes, surveyed)];
    return { iaas: name, kind: entry.kind, findings };
  } catch (error) {
    const detail = messageOf(error);
    const hint = error instanceof StratosError ? error.hint : undefined;
    const failed: Finding = {
      subject: 'credentials',
      status: 'failed',
      detail,
      ...(hint === undefined ? {} : { hint }),
    };
    return { iaas: name, kind: entry.kind, findings: [failed, ...onePriceEach(spec, sizes, [])] };
  }
}

/** Sizes that the partitions placed on an IaaS may ask for, each once. */
export function wantedSizes(spec: Spec, iaas: string): readonly PricedSize[] {
  const all = placedOn(spec, iaas).flatMap(({ policy, entry: { sizes, price } }): readonly PricedSize[] => {
    return sizes ?? [{ ...policy.vm, ...(price === undefined ? {} : { price }) }];
  });
  return [
    ...new Map(all.map((size) => [JSON.stringify([size.name, size.cpu, size.memory, size.disk]), size])).values(),
  ];
}

/** What was found, with one price for each size: the spec's, else what the IaaS tells, else that there is none. */
function onePriceEach(spec: Spec, sizes: readonly PricedSize[], surveyed: readonly Finding[]): readonly Finding[] {
  const isTold = (size: PricedSize): boolean =>
    surveyed.some(({ subject, status, of }) => subject === 'price' && status === 'ok' && of === size);
  const ours = sizes.filter((size) => size.price !== undefined || !isTold(size));
  const others = surveyed.filter(({ subject, of }) => subject !== 'price' || !ours.some((size) => size === of));
  return [...others.map(({ of: _of, ...finding }) => finding), ...pricesOf(spec, ours)];
}

/** What the spec says of prices: a budget in money counts what has no price as nothing. */
function pricesOf({ guards: { maxCostPerHour } }: Spec, sizes: readonly PricedSize[]): readonly Finding[] {
  return sizes.map((size): Finding => {
    const what = size.name ?? `${String(size.cpu)} CPU and ${String(size.memory / 2 ** 30)}Gi`;
    if (size.price !== undefined)
      return { subject: 'price', status: 'ok', detail: `${what} costs ${String(size.price)} an hour` };
    const counts = `${what} has no price in the spec, and counts as nothing`;
    if (maxCostPerHour === undefined) return { subject: 'price', status: 'ok', detail: counts };
    return {
      subject: 'price',
      status: 'warning',
      detail: `${counts} for maxCostPerHour`,
      hint: 'partitions: NAME: placement: [{ sizes: [{ price: … }] }], or iaas: NAME: prices:',
    };
  });
}

function placedOn(spec: Spec, iaas: string) {
  return Object.values(spec.partitions).flatMap(({ name, policy, placement }: PartitionSpec) =>
    placement.filter((entry) => entry.iaas === iaas).map((entry) => ({ name, policy, entry })),
  );
}

/** @throws what is no expected failure */
function messageOf(error: unknown): string {
  if (!(error instanceof StratosError) || error instanceof InterruptedError) throw error;
  return error.message;
}
