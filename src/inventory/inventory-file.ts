/** The text of inventory.yaml: written, read, and checked. */
import { ProjectFileError } from '../model/errors.ts';
import type { ImagePin, Inventory, ProcessRecord, ProcessState, VmRecord, VmState } from '../model/inventory.ts';
import type { RevisionRecord } from '../model/revision.ts';
import { formatRecordFile, parseRecordFile } from './record-file.ts';
import type { ParsedRecordFile } from './record-file.ts';
import { nested, optional, shapeProblem } from './record-shape.ts';
import type { Shape } from './record-shape.ts';
import { REVISION } from './revision-shape.ts';
import { API_VERSION } from './schema/api-version.ts';
import { showValue } from './show-value.ts';
import { suggest } from './suggest.ts';

/** Writes an inventory as a record file. */
export function formatInventory(inventory: Inventory, version: string): string {
  return formatRecordFile(
    [
      `Written by stratos ${version}: what exists. Do not edit; what should run stands in stratos.yaml.`,
      'Where it is lost, the next stratos reconcile takes up what runs by the labels on machines and containers.',
    ],
    {
      head: { apiVersion: API_VERSION, kind: 'Inventory', lineage: inventory.lineage, serial: inventory.serial },
      sections: {
        vms: inventory.vms,
        processes: inventory.processes,
        ...(inventory.images && { images: inventory.images }),
        ...(inventory.revisions && inventory.revisions.length > 0 ? { revisions: inventory.revisions } : {}),
      },
    },
  );
}

/**
 * Reads an inventory.
 * @throws ProjectFileError when it is malformed, or was written by a newer stratos
 */
export async function parseInventory(path: string, text: string): Promise<Inventory> {
  const file = await parseRecordFile(path, text);
  const { lineage, serial } = checkHead(path, file);
  const vms = file.sections.vms ?? [];
  const processes = file.sections.processes ?? [];
  checkRecords(file, 'vms', vms, VM);
  checkRecords(file, 'processes', processes, PROCESS);
  const images = file.sections.images ?? [];
  checkRecords(file, 'images', images, IMAGE);
  const revisions = file.sections.revisions ?? [];
  checkRecords(file, 'revisions', revisions, REVISION);
  return {
    lineage,
    serial,
    vms: vms as readonly VmRecord[],
    processes: processes as readonly ProcessRecord[],
    ...(images.length > 0 && { images: images as readonly ImagePin[] }),
    ...(revisions.length > 0 ? { revisions: revisions as readonly RevisionRecord[] } : {}),
  };
}

const VM_STATES: readonly VmState[] = ['creating', 'created', 'ready', 'deleting'];
const PROCESS_STATES: readonly ProcessState[] = ['creating', 'ready', 'leaving', 'failed'];

const endpoint: Shape = {
  address: 'string',
  port: 'number',
  user: 'string',
  hostKeys: 'strings',
  identityFile: 'string?',
};
const VM: Shape = {
  name: 'string',
  partition: 'string',
  iaas: 'string',
  state: VM_STATES,
  machine: 'string?',
  endpoint: optional(nested({ ...endpoint, jump: optional(nested(endpoint)) })),
  size: nested({ cpu: 'number', memory: 'number', disk: 'number?', name: 'string?' }),
  zone: 'string?',
  cordoned: 'boolean',
  draining: 'boolean',
  prepared: 'string?',
  createdAt: 'string',
};
const PROCESS: Shape = {
  name: 'string',
  subscription: 'string',
  ordinal: 'number',
  vm: 'string',
  index: 'number',
  image: 'string',
  fingerprint: 'string',
  state: PROCESS_STATES,
  createdAt: 'string',
  asleep: optional(['frozen', 'stopped']),
  needs: optional('strings'),
  failure: 'string?',
};
const IMAGE: Shape = { name: 'string', digest: 'string' };
const KEYS = ['apiVersion', 'kind', 'lineage', 'serial', 'vms', 'processes', 'images', 'revisions'];

function checkHead(path: string, file: ParsedRecordFile): { readonly lineage: string; readonly serial: number } {
  const { apiVersion, kind, lineage, serial } = file.head;
  const refuse = (reason: string, hint?: string): never => {
    throw new ProjectFileError(`Cannot read the inventory as ${reason}: ${path}`, hint === undefined ? {} : { hint });
  };
  const newest = Number(API_VERSION.replace(/^.*v/, ''));
  const found = typeof apiVersion === 'string' ? /^stratos\/v(\d+)/.exec(apiVersion) : null;
  if (!found) return refuse(`its apiVersion must be ${API_VERSION}, not ${showValue(apiVersion)}`);
  if (apiVersion !== API_VERSION) {
    const newer = Number(found[1]) > newest;
    return refuse(
      `it was written by ${newer ? 'a newer' : 'another'} stratos (apiVersion ${String(apiVersion)}; this one knows ${API_VERSION})`,
      // Never the way back: what the other version recorded since would be lost.
      'stratos --version   # and use the version that wrote it',
    );
  }
  if (kind !== 'Inventory') return refuse(`its kind must be Inventory, not ${showValue(kind)}`);
  if (typeof lineage !== 'string' || lineage === '')
    return refuse(`its lineage must be a text, not ${showValue(lineage)}`);
  if (typeof serial !== 'number' || !Number.isSafeInteger(serial) || serial < 0)
    return refuse(`its serial must be a whole number, not ${showValue(serial)}`);
  for (const key of [...Object.keys(file.head), ...Object.keys(file.sections)]) {
    if (KEYS.includes(key)) continue;
    const meant = suggest(key, KEYS);
    return refuse(`it has the unknown key ${showValue(key)}${meant === undefined ? '' : ` (did you mean ${meant}?)`}`);
  }
  for (const key of ['vms', 'processes', 'images', 'revisions'] as const)
    if (Object.hasOwn(file.head, key) && file.head[key] !== null) return refuse(`its ${key} must be a list`);
  return { lineage, serial };
}

function checkRecords(
  file: ParsedRecordFile,
  section: 'vms' | 'processes' | 'images' | 'revisions',
  records: readonly unknown[],
  shape: Shape,
): void {
  const names = new Set<string>();
  for (const [index, record] of records.entries()) {
    const problem = shapeProblem(record, shape);
    const name = (record as { readonly name?: unknown } | null)?.name;
    const twice = problem === undefined && names.has(name as string) ? `${showValue(name)} is there twice` : undefined;
    if (problem !== undefined || twice !== undefined)
      throw new ProjectFileError(
        `Cannot read the inventory as a record of ${section} is wrong: ${file.position(section, index)}: ${problem ?? twice ?? ''}`,
      );
    names.add(name as string);
  }
}
