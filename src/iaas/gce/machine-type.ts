/** Which of GCE's machine types a VM gets. */
import { bytes, cores } from '../../model/quantity.ts';
import type { PricedSize, VmSize } from '../../model/vm-size.ts';
import { smallestFit } from '../cloud/smallest-fit.ts';

/** Of an hour, by name. */
type Prices = Readonly<Record<string, number>>;

export interface MachineType {
  readonly name: string;
  readonly guestCpus: number;
  readonly memoryMb: number;
  readonly architecture?: string;
}

/** Machine types that share a core: the part of one that is theirs for good, by Google's description of machine families. */
const SHARED_CORES: Readonly<Record<string, number>> = {
  'f1-micro': 0.2,
  'g1-small': 0.5,
  'e2-micro': 0.25,
  'e2-small': 0.5,
  'e2-medium': 1,
};

/** What a machine type offers; GCE's API tells no price. */
export function sizeOf(
  { name, guestCpus, memoryMb }: MachineType,
  prices: Prices = {},
): PricedSize & { readonly name: string } {
  const price = prices[name];
  const priced = price === undefined ? {} : { price };
  return { ...priced, name, cpu: cores(SHARED_CORES[name] ?? guestCpus), memory: bytes(memoryMb * 2 ** 20) };
}

/** The cheapest that has a price, else the smallest of a family, that offers as much; its disk is made as large as is asked for. */
export function fitting(
  wanted: VmSize,
  family: string,
  types: readonly MachineType[],
  prices: Prices = {},
): string | undefined {
  const offers = types.filter(
    ({ name, architecture }) => (name.startsWith(`${family}-`) || name in prices) && architecture !== 'ARM64',
  );
  const { cpu, memory } = wanted;
  return smallestFit(
    { cpu, memory },
    offers.map((type) => sizeOf(type, prices)),
  )?.name;
}

/**
 * A machine type made to measure: `e2-custom-2-3072`. One core or an even number of them, memory in steps of 256 MiB, from half a GiB (N1: 0.9)
 * to 8 GiB (N1: 6.5) for each core; what lies outside is rounded up. GCE itself refuses what its family has not.
 */
export function customType({ cpu, memory }: VmSize, family: string): string {
  const n1 = family === 'n1';
  const [least, most] = n1 ? [921.6, 6656] : [512, 8192];
  const mib = memory / 2 ** 20;
  // Only N1 has one core to measure; all others begin with two.
  const wanted = Math.max(Math.ceil(cpu), Math.ceil(mib / most), n1 ? 1 : 2);
  const cpus = wanted === 1 ? 1 : wanted + (wanted % 2);
  const size = Math.ceil(Math.max(mib, cpus * least) / 256) * 256;
  return `${n1 ? '' : `${family}-`}custom-${String(cpus)}-${String(size)}`;
}
