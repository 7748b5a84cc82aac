/**
 * What a machine of a cloud carries so that it is known as ours, and the inventory can be rebuilt from it. The values keep to what the
 * strictest vendor allows (GCE labels, Hetzner labels): lower-case letters, digits and `-`, at most 63 characters.
 */
import type { Endpoint } from '../../model/endpoint.ts';
import type { Machine, MachineProcess } from '../../model/observation.ts';
import { bytes, cores } from '../../model/quantity.ts';
import type { VmSize } from '../../model/vm-size.ts';
import { fromBase32, toBase32 } from './base32.ts';

export interface MachineLabels {
  readonly lineage: string;
  readonly vm: string;
  readonly partition: string;
  /** Entry of the spec that made it. Undefined: an earlier version of Stratos did, which told none. */
  readonly iaas?: string;
  readonly size: VmSize;
  /** OpenSSH public key that was injected as the host's: `ssh-ed25519 AAAA…`. Empty: none was, and nobody logs in. */
  readonly hostKey: string;
  /** The process that the machine is. Undefined: it holds processes. */
  readonly process?: MachineProcess;
}

/** The keys, in the order they are written in. `lineage` is what a listing is filtered by. */
export const LABEL = {
  lineage: 'stratos-lineage',
  vm: 'stratos-vm',
  partition: 'stratos-partition',
  iaas: 'stratos-iaas',
  size: 'stratos-size',
  hostKey: 'stratos-host-key',
  process: 'stratos-process',
  fingerprint: 'stratos-fingerprint',
} as const;

/** Labels as key and value. @throws RangeError when the host key is not ed25519 */
export function encodeLabels(labels: MachineLabels): Readonly<Record<string, string>> {
  return {
    [LABEL.lineage]: labels.lineage,
    [LABEL.vm]: labels.vm,
    [LABEL.partition]: labels.partition,
    ...(labels.iaas !== undefined && { [LABEL.iaas]: labels.iaas }),
    [LABEL.size]: encodeSize(labels.size),
    ...(labels.hostKey !== '' && { [LABEL.hostKey]: toBase32(rawKey(labels.hostKey)) }),
    ...(labels.process && { [LABEL.process]: labels.process.name, [LABEL.fingerprint]: labels.process.fingerprint }),
  };
}

/** Reads labels; undefined when one is missing or is not of ours: such a machine is not touched. */
export function decodeLabels(values: Readonly<Record<string, string | undefined>>): MachineLabels | undefined {
  const { [LABEL.lineage]: lineage, [LABEL.vm]: vm, [LABEL.partition]: partition } = values;
  const size = decodeSize(values[LABEL.size] ?? '');
  if (lineage === undefined || vm === undefined || partition === undefined || !size) return undefined;
  const { [LABEL.process]: name, [LABEL.fingerprint]: fingerprint, [LABEL.iaas]: iaas } = values;
  const known = { lineage, vm, partition, size, ...(iaas !== undefined && { iaas }) };
  const process = name !== undefined && fingerprint !== undefined ? { name, fingerprint } : undefined;
  if (process && values[LABEL.hostKey] === undefined) return { ...known, hostKey: '', process };
  const key = fromBase32(values[LABEL.hostKey] ?? '');
  if (key?.length !== KEY_LENGTH) return undefined;
  return { ...known, hostKey: opensshKey(key), ...(process && { process }) };
}

/** What labels tell of a machine, for the adapter's answer: who made it, where it is reached, and the process that it is, if it is one. */
export function told(
  { hostKey, process, iaas }: Pick<MachineLabels, 'hostKey' | 'process' | 'iaas'>,
  at: Pick<Endpoint, 'address' | 'port' | 'user'> | undefined,
): Pick<Machine, 'endpoint' | 'process' | 'iaas'> {
  return {
    ...(iaas !== undefined && { iaas }),
    ...(at && { endpoint: { ...at, hostKeys: hostKey === '' ? [] : [hostKey] } }),
    ...(process && { process }),
  };
}

/** `c2000-m2147483648-d21474836480`: millicores, bytes, bytes. The vendor's name of the size is the vendor's to tell. */
function encodeSize({ cpu, memory, disk }: VmSize): string {
  return `c${String(Math.round(cpu * 1000))}-m${String(memory)}${disk === undefined ? '' : `-d${String(disk)}`}`;
}

function decodeSize(text: string): VmSize | undefined {
  const [, cpu, memory, disk] = /^c(\d+)-m(\d+)(?:-d(\d+))?$/.exec(text) ?? [];
  if (cpu === undefined || memory === undefined) return undefined;
  return {
    cpu: cores(Number(cpu) / 1000),
    memory: bytes(Number(memory)),
    ...(disk === undefined ? {} : { disk: bytes(Number(disk)) }),
  };
}

/** Bytes of an ed25519 public key, and what stands before them in the wire form (RFC 8709, section 4). */
const KEY_LENGTH = 32;
const PREFIX = Buffer.concat([
  Buffer.from([0, 0, 0, 11]),
  Buffer.from('ssh-ed25519'),
  Buffer.from([0, 0, 0, KEY_LENGTH]),
]);

function rawKey(openssh: string): Buffer {
  const blob = Buffer.from(openssh.split(' ')[1] ?? '', 'base64');
  if (blob.length !== PREFIX.length + KEY_LENGTH || !blob.subarray(0, PREFIX.length).equals(PREFIX))
    throw new RangeError('Cannot label a machine with a host key that is not ed25519');
  return blob.subarray(PREFIX.length);
}

function opensshKey(raw: Uint8Array): string {
  return `ssh-ed25519 ${Buffer.concat([PREFIX, raw]).toString('base64')}`;
}
