/** The list of tenants that a process has: a file in a directory that is the VM's, so that it can change while the process runs. */
import type { SubscriptionSpec, TenantsSpec } from '../model/spec.ts';
import { script, type ScriptStep } from '../shell/command.ts';
import { LAYOUT, UNITS } from './layout.ts';
import { checkedName } from './process-launch.ts';
import text from './scripts/tenants.sh';

/** How long the cartridge's command may take, in seconds. */
const PATIENCE = 30;

/** What the file says: one line of JSON, tenants by name. */
export function tenantsText({ alias, tenants = [] }: Pick<SubscriptionSpec, 'alias' | 'tenants'>): string {
  const list = tenants.map(({ name, hosts }) => ({ name, hosts }));
  return JSON.stringify({ subscription: alias, tenants: list });
}

/** Directory inside the process, and name of the file in it. */
export function tenantsPlace({ file }: TenantsSpec): { readonly directory: string; readonly name: string } {
  const end = file.lastIndexOf('/');
  return { directory: file.slice(0, end), name: file.slice(end + 1) };
}

/**
 * Makes the list of a process what it should be, and lets the cartridge's command know of it. Nothing is done where it is so already
 * and the process was told. A command that fails is told as `failed`, and tried again with the next call.
 */
export function tenantsStep(
  lineage: string,
  process: string,
  subscription: Pick<SubscriptionSpec, 'alias' | 'tenants'>,
  tenants: TenantsSpec,
): ScriptStep {
  const { name } = tenantsPlace(tenants);
  const unit = UNITS.processTemplate.replace('@', `@${checkedName(process)}`);
  const words = [lineage, LAYOUT.processes, LAYOUT.bin, checkedName(process), name, unit, PATIENCE];
  const step = { name: 'tenants', text };
  return script(step, `tell ${process} of its tenants`, [...words, ...(tenants.command ?? [])], {
    stdin: `${tenantsText(subscription)}\n`,
  });
}

/** Why the command of a process failed, from what {@link tenantsStep} printed; undefined: it did not. */
export function tenantsFailure(stdout: string): string | undefined {
  return /^failed (.*)$/m.exec(stdout)?.[1];
}
