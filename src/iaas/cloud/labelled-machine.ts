/** A machine of a cloud: what its labels say of it and what the cloud shows. Pure. */
import type { Machine } from '../../model/observation.ts';
import { told, type MachineLabels } from './labels.ts';

/** What a cloud shows of a machine of ours. */
export interface Shown {
  readonly id: string;
  readonly state: Machine['state'];
  /** How it is reached. Undefined or empty: that is not known yet. */
  readonly address: string | undefined;
  readonly user: string;
  /** Default 22. */
  readonly port?: number;
  /** What the vendor calls its size. */
  readonly type?: string | undefined;
  /** Undefined or empty: it is in none. */
  readonly zone?: string | undefined;
}

/** Both together; it has an endpoint once it has an address. */
export function labelledMachine(labels: MachineLabels, shown: Shown): Machine {
  const { id, state, address = '', user, port = 22, type, zone = '' } = shown;
  const { vm, partition, size } = labels;
  return {
    ...{ id, vm, partition, state },
    size: { ...size, ...(type !== undefined && { name: type }) },
    ...told(labels, address === '' ? undefined : { address, port, user }),
    ...(zone !== '' && { zone }),
  };
}
