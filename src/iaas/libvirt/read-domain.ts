/** What virsh prints of a domain, read. Pure. */
import { XMLParser } from 'fast-xml-parser';
import type { Machine } from '../../model/observation.ts';
import type { LibvirtIaasSpec } from '../../model/iaas/libvirt.ts';
import { labelledMachine } from '../cloud/labelled-machine.ts';
import { decodeLabels } from '../cloud/labels.ts';

/** A domain, as far as it is used here. */
export interface Domain {
  readonly uuid: string;
  readonly name: string;
  /** Of our own in its metadata. */
  readonly labels: Readonly<Record<string, string>>;
  /** Files of its disks, on the host. */
  readonly disks: readonly string[];
  /** Of its network cards, in lower case. */
  readonly macs: readonly string[];
}

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  parseTagValue: false,
  parseAttributeValue: false,
  isArray: (name) => ['stratos:label', 'disk', 'interface'].includes(name),
});

/** Reads what `dumpxml` prints. */
export function readDomain(xml: string): Domain {
  const { domain } = parser.parse(xml) as { readonly domain: RawDomain };
  const labels = domain.metadata?.['stratos:machine']?.['stratos:label'] ?? [];
  return {
    uuid: domain.uuid,
    name: domain.name,
    labels: Object.fromEntries(labels.map((label) => [label['@key'], label['@value']])),
    disks: (domain.devices.disk ?? []).flatMap(({ source }) => source?.['@file'] ?? []),
    macs: (domain.devices.interface ?? []).flatMap(({ mac }) => mac?.['@address'].toLowerCase() ?? []),
  };
}

interface RawDomain {
  readonly uuid: string;
  readonly name: string;
  readonly metadata?: {
    readonly 'stratos:machine'?: {
      readonly 'stratos:label'?: readonly { readonly '@key': string; readonly '@value': string }[];
    };
  };
  readonly devices: {
    readonly disk?: readonly { readonly source?: { readonly '@file'?: string } }[];
    readonly interface?: readonly { readonly mac?: { readonly '@address': string } }[];
  };
}

/** The address of a card of the machine's own in what `domifaddr` prints: IPv4 before IPv6, none that is good on its link only. */
export function addressIn(printed: string, macs: readonly string[]): string | undefined {
  let mac = '';
  const found: { readonly family: string; readonly address: string }[] = [];
  for (const line of printed.split('\n')) {
    const [, card = '', family = '', address = ''] = line.trim().split(/\s+/);
    // Further addresses of one card have a dash in its place.
    if (card !== '-') mac = card.toLowerCase();
    const [plain = ''] = address.split('/');
    if (macs.includes(mac) && plain !== '' && !/^(fe80:|169\.254\.)/i.test(plain))
      found.push({ family, address: plain });
  }
  return (found.find(({ family }) => family === 'ipv4') ?? found[0])?.address;
}

/** What `domstate --reason` says, as ours: `shut off (destroyed)`. A running machine without an address is still to come. */
export function stateOf(text: string, address: string | undefined): Machine['state'] {
  const [, state = '', reason = ''] = /^([a-z ]+?)(?: \(([^)]*)\))?$/i.exec(text.trim()) ?? [];
  if (state === 'shut off' || state === 'pmsuspended') return 'stopped';
  if (state === 'crashed') return 'failed';
  if (state === 'paused' && !/starting up|migrat|dump|snapshot|sav/i.test(reason)) return 'stopped';
  return address === undefined ? 'pending' : 'running';
}

/** The machine; undefined where it does not carry our lineage. */
export function machineOf(
  spec: LibvirtIaasSpec,
  lineage: string,
  { uuid, labels, macs }: Domain,
  { state, addresses }: { readonly state: string; readonly addresses: string },
): Machine | undefined {
  const known = decodeLabels(labels);
  if (known?.lineage !== lineage) return undefined;
  const address = addressIn(addresses, macs);
  return labelledMachine(known, { id: uuid, state: stateOf(state, address), address, user: spec.user });
}
