/** Where a process is, by the inventory. */
import { didYouMean } from '../inventory/suggest.ts';
import type { Endpoint } from '../model/endpoint.ts';
import { NotFoundError } from '../model/errors.ts';
import type { ProcessRecord } from '../model/inventory.ts';
import type { Deps } from './deps.ts';
import { loginTo } from './login-to.ts';

export interface Located {
  readonly record: ProcessRecord;
  readonly vm: string;
  readonly endpoint: Endpoint;
  readonly lineage: string;
}

/**
 * Where a process is, and how one gets there.
 * @param what what it is for, after "Cannot": `read the log of shop-1`
 * @throws NotFoundError; UsageError for one that nobody logs in to
 */
export async function locate(deps: Deps, name: string, what: string): Promise<Located> {
  const inventory = await deps.inventory.read();
  const record = inventory.processes.find((process) => process.name === name);
  if (!record) throw noSuchProcess(name, inventory.processes);
  const vm = inventory.vms.find((candidate) => candidate.name === record.vm);
  return { record, vm: record.vm, endpoint: loginTo(vm ?? { name: record.vm }, what), lineage: inventory.lineage };
}

/** The error for the name of a process that is none of these. */
export function noSuchProcess(name: string, processes: readonly { readonly name: string }[]): NotFoundError {
  const names = processes.map((process) => process.name);
  return new NotFoundError(`Cannot find the process: ${JSON.stringify(name)}${didYouMean(name, names)}`, {
    hint: 'stratos process ls',
  });
}
