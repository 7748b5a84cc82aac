/** Where a process is, by the inventory. */
import type { Endpoint } from '../model/endpoint.ts';
import { NotFoundError } from '../model/errors.ts';
import type { ProcessRecord } from '../model/inventory.ts';
import type { Deps } from './deps.ts';

export interface Located {
  readonly record: ProcessRecord;
  readonly vm: string;
  readonly endpoint: Endpoint;
  readonly lineage: string;
}

/** @throws NotFoundError */
export async function locate(deps: Deps, name: string): Promise<Located> {
  const inventory = await deps.inventory.read();
  const record = inventory.processes.find((process) => process.name === name);
  if (!record) throw new NotFoundError(`Cannot find process ${JSON.stringify(name)}`, { hint: 'stratos process ls' });
  const endpoint = inventory.vms.find((vm) => vm.name === record.vm)?.endpoint;
  if (!endpoint) throw new NotFoundError(`Cannot reach ${name} as its VM has no address: ${record.vm}`);
  return { record, vm: record.vm, endpoint, lineage: inventory.lineage };
}
