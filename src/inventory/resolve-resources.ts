/** `resources:` of a cartridge. */
import { formatBytes } from '../model/quantity.ts';
import type { BandwidthSpec, CartridgeSpec, ResourceSpec } from '../model/spec.ts';
import type { RawCartridge } from './raw/workloads.ts';
import { coresOf, rateOf, sizeOf } from './read-quantity.ts';
import type { ResolveContext } from './resolve-context.ts';
import type { Entry } from './spec-files.ts';

/** What a process may take, with what holds where nothing is said. */
export function resourcesOf({ resources: raw }: RawCartridge): ResourceSpec {
  const bandwidth = bandwidthOf(raw?.bandwidth);
  return {
    memory: sizeOf(raw?.memory, 256 * 2 ** 20),
    cpu: coresOf(raw?.cpu, 0.25),
    pids: raw?.pids ?? 512,
    ...(raw?.disk === undefined ? {} : { disk: sizeOf(raw.disk, 0) }),
    ...(bandwidth ? { bandwidth } : {}),
  };
}

/** A file system of its own takes some of it for itself. */
const LEAST_DISK = 16 * 2 ** 20;

/** Reports a disk that nothing could be written to. */
export function checkDisk(context: ResolveContext, entry: Entry, { name, resources }: CartridgeSpec): void {
  const { disk } = resources;
  if (disk !== undefined && disk < LEAST_DISK)
    context.report(
      'cartridges',
      entry,
      ['resources', 'disk'],
      `disk of ${name} must be at least ${formatBytes(LEAST_DISK)}: ${formatBytes(disk)}`,
    );
}

type RawBandwidth = NonNullable<RawCartridge['resources']>['bandwidth'];

/** One rate is that of both directions. */
function bandwidthOf(raw: RawBandwidth): BandwidthSpec | undefined {
  if (raw === undefined) return undefined;
  const [inward, outward] = typeof raw === 'string' ? [rateOf(raw), rateOf(raw)] : [rateOf(raw.in), rateOf(raw.out)];
  return { ...(inward === undefined ? {} : { in: inward }), ...(outward === undefined ? {} : { out: outward }) };
}
