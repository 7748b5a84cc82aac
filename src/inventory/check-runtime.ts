/** Whether the runtime of a cartridge is there, and can do what the cartridge asks of it. */
import { capabilitiesOf, type Capability, type RuntimeName } from '../model/runtime.ts';
import type { CartridgeSpec } from '../model/spec.ts';
import type { ResolveContext } from './resolve-context.ts';
import type { Entry } from './spec-files.ts';

/** What this version cannot run yet, and what to write instead. */
const NOT_YET: Partial<Record<RuntimeName, string>> = {
  podman: 'an image of Docker runs with lxc too: stratos cartridge import',
};

/** Said rather than run as something else, or without what was asked for. */
export function checkRuntime(context: ResolveContext, entry: Entry, spec: CartridgeSpec): void {
  const { name, runtime } = spec;
  const instead = NOT_YET[runtime];
  if (instead !== undefined)
    context.report(
      'cartridges',
      entry,
      ['runtime'],
      `Cannot run ${name} with runtime ${runtime} as this version does not have it; ${instead}`,
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
