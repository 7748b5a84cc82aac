/** What virsh prints of a host and its storage, read. Pure. */
import { XMLParser } from 'fast-xml-parser';
import { bytes, cores, type Bytes, type Cores } from '../../model/quantity.ts';

export interface Volume {
  /** Size that the guest sees. */
  readonly capacity: Bytes;
  /** As QEMU calls it: `qcow2`, `raw`. */
  readonly format: string;
}

/** Formats that a disk can have; what libvirt finds else in a volume is what the disk holds. */
const DISKS: ReadonlySet<string> = new Set(['qcow2', 'qed', 'vdi', 'vhdx', 'vmdk', 'vpc']);

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  parseTagValue: false,
  parseAttributeValue: false,
});

/** Reads what `vol-dumpxml` prints; capacities are in bytes there. */
export function readVolume(xml: string): Volume {
  const { volume } = parser.parse(xml) as {
    readonly volume: {
      readonly capacity: { readonly '#text': string };
      readonly target: { readonly format?: { readonly '@type': string } };
    };
  };
  const format = volume.target.format?.['@type'] ?? 'raw';
  return { capacity: bytes(Number(volume.capacity['#text'])), format: DISKS.has(format) ? format : 'raw' };
}

/** Memory of the host that machines may have still, of what `nodememstats` prints. Undefined where it does not say. */
export function freeMemory(printed: string): Bytes | undefined {
  const { free, buffers = 0, cached = 0 } = numbersIn(printed);
  return free === undefined ? undefined : bytes((free + buffers + cached) * 1024);
}

/** What the host has in all, of what `nodeinfo` prints. */
export function hostSize(printed: string): { readonly cpu: Cores; readonly memory: Bytes } {
  const { 'CPU(s)': cpu = 0, 'Memory size': memory = 0 } = numbersIn(printed);
  return { cpu: cores(cpu), memory: bytes(memory * 1024) };
}

/** Lines such as `free  :   14206412 KiB`. */
function numbersIn(printed: string): Readonly<Record<string, number | undefined>> {
  return Object.fromEntries(
    Array.from(printed.matchAll(/^(.+?)\s*:\s*(\d+)(?: KiB)?$/gm), ([, key = '', value]) => [key, Number(value)]),
  );
}
