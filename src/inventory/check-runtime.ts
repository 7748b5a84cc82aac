/** Whether the runtime of a cartridge is there, and can do what the cartridge asks of it. */
import { capabilitiesOf, type Capability } from '../model/runtime.ts';
import type { CartridgeSpec, SubscriptionSpec } from '../model/spec.ts';
import type { ResolveContext } from './resolve-context.ts';
import type { Entry } from './spec-files.ts';

/** Said rather than run as something else, or without what was asked for. */
export function checkRuntime(context: ResolveContext, entry: Entry, spec: CartridgeSpec): void {
  const { name, runtime } = spec;
  if (runtime === 'podman' && spec.security.privileged)
    context.report(
      'cartridges',
      entry,
      ['security', 'privileged'],
      `Cannot run ${name} as root of its VM as its runtime maps every user: podman`,
    );
  const has = capabilitiesOf(runtime);
  for (const { path, capability, what } of WISHES)
    if (!has[capability] && isGiven(entry.value, path))
      context.report(
        'cartridges',
        entry,
        [...path],
        `Cannot give ${name} ${what} as its runtime has none: ${runtime}`,
        {
          anchor: 'key',
        },
      );
}

/** Said at the subscription: whoever rolls out with snapshots counts on them. */
export function checkSnapshots(
  context: ResolveContext,
  entry: Entry,
  { alias, rollout }: SubscriptionSpec,
  { name, runtime }: CartridgeSpec,
): void {
  if (!rollout.snapshot || capabilitiesOf(runtime).snapshot) return;
  const message = `rollout of ${alias} cannot keep snapshots as the runtime of ${name} has none: ${runtime}`;
  context.report('subscriptions', entry, ['rollout'], message, { anchor: 'key' });
}

function isGiven(value: unknown, [key, ...rest]: readonly string[]): boolean {
  if (key === undefined) return value !== undefined;
  return typeof value === 'object' && value !== null && isGiven((value as Record<string, unknown>)[key], rest);
}

/** Keys of a cartridge that need a capability. */
const WISHES: readonly { readonly path: readonly string[]; readonly capability: Capability; readonly what: string }[] =
  [
    { path: ['volumes'], capability: 'volumes', what: 'volumes' },
    { path: ['network', 'egress'], capability: 'egress', what: 'a list of where it may connect to' },
    { path: ['resources', 'disk'], capability: 'disk', what: 'a limit of what it writes' },
    { path: ['resources', 'bandwidth'], capability: 'bandwidth', what: 'a limit of its traffic' },
  ];
