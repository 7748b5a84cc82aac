/**
 * Which quota of processors a machine of EC2 counts for: "Amazon EC2 quotas" has one for each group of families and market. Codes are
 * the same in all regions. Pure.
 */

/** The first letters of a type, up to its generation: `m`, `vt`, `u-`. */
const FAMILY = /^([a-z]+-?)\d/;

/** Families of one quota, its code on demand and for spot machines; undefined: such machines are not sold so. */
interface Group {
  readonly families: readonly string[];
  readonly onDemand: string;
  readonly spot?: string;
}

const GROUPS: Readonly<Record<string, Group>> = {
  Standard: {
    families: ['a', 'c', 'd', 'h', 'i', 'im', 'is', 'm', 'r', 't', 'z'],
    onDemand: 'L-1216C47A',
    spot: 'L-34B43A08',
  },
  'G and VT': { families: ['g', 'gr', 'vt'], onDemand: 'L-DB2E81BA', spot: 'L-3819A6DF' },
  P: { families: ['p'], onDemand: 'L-417A185B', spot: 'L-7212CCBC' },
  X: { families: ['x'], onDemand: 'L-7295265B', spot: 'L-E3A00192' },
  F: { families: ['f'], onDemand: 'L-74FC7D96', spot: 'L-88CF9481' },
  Inf: { families: ['inf'], onDemand: 'L-1945791B', spot: 'L-B5D1601B' },
  Trn: { families: ['trn'], onDemand: 'L-2C3B7624', spot: 'L-6B0D517C' },
  DL: { families: ['dl'], onDemand: 'L-6E869C2A', spot: 'L-85EED4F7' },
  HPC: { families: ['hpc'], onDemand: 'L-F7808C92' },
  'High Memory': { families: ['u-'], onDemand: 'L-43DA4232' },
};

export interface QuotaCode {
  readonly code: string;
  /** Words for messages: `Standard`. */
  readonly group: string;
}

/** The quota that a machine of this type counts for; undefined for families that are not known here. */
export function quotaCodeOf(type: string, market: 'on-demand' | 'spot'): QuotaCode | undefined {
  const [, family = ''] = FAMILY.exec(type) ?? [];
  for (const [group, { families, onDemand, spot }] of Object.entries(GROUPS)) {
    const code = market === 'spot' ? spot : onDemand;
    if (families.includes(family)) return code === undefined ? undefined : { code, group };
  }
  return undefined;
}
