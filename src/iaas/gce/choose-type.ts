/** Finds the machine type of a VM in a zone: the one that is named, one made to measure, or the smallest that fits. */
import { IaasError } from '../../model/errors.ts';
import type { GceIaasSpec } from '../../model/iaas/gce.ts';
import type { VmSize } from '../../model/vm-size.ts';
import type { GceClient } from './client.ts';
import { customType, fitting, type MachineType } from './machine-type.ts';

export interface TypeChooser {
  /** @throws IaasError invalid when none fits */
  choose(size: VmSize, zone: string, signal?: AbortSignal): Promise<string>;
  /** All of a zone, asked for once. */
  all(zone: string, signal?: AbortSignal): Promise<readonly MachineType[]>;
}

/** Chooses by the lists of GCE. */
export function typeChooser(spec: GceIaasSpec, client: GceClient): TypeChooser {
  const known = new Map<string, readonly MachineType[]>();
  const chooser: TypeChooser = {
    async all(zone, signal) {
      const before = known.get(zone);
      if (before) return before;
      const what = `list the machine types of ${zone}`;
      const pages = await client.pages<{ nextPageToken?: string; items?: readonly MachineType[] }>({
        what,
        path: `zones/${zone}/machineTypes`,
        signal,
      });
      const types = pages.flatMap(({ items = [] }) => items);
      known.set(zone, types);
      return types;
    },
    async choose(size, zone, signal) {
      if (size.name !== undefined) return size.name;
      if (spec.custom) return customType(size, spec.family);
      const found = fitting(size, spec.family, await chooser.all(zone, signal), spec.prices);
      if (found !== undefined) return found;
      throw new IaasError(
        spec.name,
        'invalid',
        `Cannot find a machine type of family ${spec.family} in ${zone} that is large enough`,
        { hint: `gcloud compute machine-types list --zones ${zone}` },
      );
    },
  };
  return chooser;
}
