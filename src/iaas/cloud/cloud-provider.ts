/** An adapter of a cloud, put together: the life of its machines over the few calls that differ, and what it has besides. */
import { IaasError } from '../../model/errors.ts';
import type { CloudSpec } from '../../model/iaas/cloud.ts';
import type { Machine } from '../../model/observation.ts';
import type { Millis } from '../../model/quantity.ts';
import type { IaasProvider } from '../provider.ts';
import { lifecycle, type CloudCalls } from './lifecycle.ts';

/** What one cloud has of its own. */
export interface CloudParts extends Pick<IaasProvider, 'check' | 'survey' | 'sizes'> {
  readonly calls: CloudCalls;
  /** First pause between two looks at a machine that is waited for. */
  readonly interval?: Millis;
  /** What differs from other clouds: all but some spot machines stop, and few tell prices. */
  readonly capabilities?: Partial<Pick<IaasProvider['capabilities'], 'stop' | 'prices'>>;
  /** Makes an image of a machine that is there and is ours. @returns what the spec's `image` takes */
  readonly bake: (machine: Machine, image: string, signal?: AbortSignal) => Promise<string>;
}

/** The adapter of an entry of the spec. */
export function cloudProvider(
  spec: CloudSpec & { readonly kind: string },
  lineage: string,
  { calls, interval, capabilities, bake, ...own }: CloudParts,
): IaasProvider {
  const { name, kind } = spec;
  return {
    name,
    kind,
    capabilities: { ephemeral: true, injectsHostKey: true, stop: true, guests: true, ...capabilities },
    ...lifecycle(spec, lineage, calls, interval),
    ...own,
    async bake(id, image, signal) {
      const machine = await calls.find(id, signal);
      if (machine) return bake(machine, image, signal);
      throw new IaasError(
        name,
        'not-found',
        `Cannot make image ${image} as ${name} has no such machine of this project: ${JSON.stringify(id)}`,
        { hint: 'stratos vm ls' },
      );
    },
  };
}
