/** Machines that exist already: how each is reached, and what proves that it is the right one. */
import type { StaticHost, StaticIaasSpec } from '../../model/iaas/static.ts';
import type { RawStaticIaas } from '../raw/iaas-static.ts';
import type { ResolveContext } from '../resolve-context.ts';
import type { Entry } from '../spec-files.ts';
import { access } from './access.ts';

/** Resolves the hosts of a static pool. */
export async function staticPool(context: ResolveContext, entry: Entry, raw: RawStaticIaas): Promise<StaticIaasSpec> {
  const jump = raw.jump ? await access(context, entry, ['jump'], raw.jump, {}) : undefined;
  const hosts: StaticHost[] = [];
  for (const [name, host] of Object.entries(raw.hosts)) {
    const path = ['hosts', name];
    const own = host.jump ? await access(context, entry, [...path, 'jump'], host.jump, {}) : jump;
    const spec = { name, ...(await access(context, entry, path, host, raw)), ...(own ? { jump: own } : {}) };
    // Two machines behind two jump hosts may well have one address.
    const twin = hosts.find(
      (each) => each.address === spec.address && each.port === spec.port && each.jump?.address === own?.address,
    );
    if (twin)
      context.report(
        'iaas',
        entry,
        [...path, 'address'],
        `${name} and ${twin.name} must not be one machine: ${spec.address}`,
      );
    hosts.push(spec);
  }
  return { kind: 'static', name: entry.name, hosts };
}
