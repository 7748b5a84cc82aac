/** `multiTenant:` of cartridges, `tenants:` of subscriptions. */
import { posix } from 'node:path';
import type { CartridgeSpec, TenantSpec, TenantsSpec } from '../model/spec.ts';
import type { RawCartridge, RawSubscription } from './raw/workloads.ts';
import { sound, type ResolveContext } from './resolve-context.ts';
import { showValue } from './show-value.ts';
import type { Entry } from './spec-files.ts';

const DEFAULT_FILE = '/etc/stratos/tenants.json';

/** How the processes of a cartridge are told of tenants; undefined where it has none. */
export function tenantsOf(context: ResolveContext, entry: Entry): TenantsSpec | undefined {
  const { multiTenant, tenants } = entry.value as RawCartridge;
  if (multiTenant !== true) {
    if (tenants)
      context.report('cartridges', entry, ['tenants'], `tenants of ${entry.name} need multiTenant: true`, {
        anchor: 'key',
      });
    return undefined;
  }
  const file = tenants?.file ?? DEFAULT_FILE;
  const [directory, name] = [posix.dirname(posix.normalize(file)), posix.basename(file)];
  if (file.split('/').includes('..') || directory === '/' || !/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name))
    context.report(
      'cartridges',
      entry,
      ['tenants', 'file'],
      `The file of the tenants must be in a directory of its own, without "..", and its name of letters, digits, dot, dash and underscore: ${showValue(file)}`,
    );
  return { file: posix.join(directory, name), ...(tenants?.command ? { command: tenants.command } : {}) };
}

/** The tenants of a subscription by name; undefined where it has none. */
export function tenantList({ tenants }: RawSubscription): readonly TenantSpec[] | undefined {
  const all = Object.entries(tenants ?? {}).map(([name, tenant]) => ({
    name,
    hosts: (tenant?.hosts ?? []).map((host) => host.toLowerCase()),
  }));
  return all.length === 0 ? undefined : all.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** Whether a cartridge whose processes serve tenants is in a partition. */
export function hasTenants(context: ResolveContext, partition: string): boolean {
  return sound(context, 'cartridges').some(({ value }) => {
    const raw = value as RawCartridge;
    return raw.partition === partition && raw.multiTenant === true;
  });
}

/** Reports tenants of a cartridge that serves none. */
export function checkTenants(context: ResolveContext, cartridges: Readonly<Record<string, CartridgeSpec>>): void {
  for (const entry of sound(context, 'subscriptions')) {
    const raw = entry.value as RawSubscription;
    const cartridge = Object.hasOwn(cartridges, raw.cartridge) ? cartridges[raw.cartridge] : undefined;
    if (!cartridge || cartridge.tenants || Object.keys(raw.tenants ?? {}).length === 0) continue;
    context.report(
      'subscriptions',
      entry,
      ['tenants'],
      `tenants of ${entry.name} need a cartridge with multiTenant: true: ${cartridge.name}`,
      { anchor: 'key' },
    );
  }
}
