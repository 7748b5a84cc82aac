/** What the waves of a partition are made of. */
import type { Action, ImageCopy, ProcessForget, ProcessRemove } from '../model/plan.ts';
import type { Demand } from './capacity.ts';
import type { Survey } from './found.ts';
import type { Growth } from './grow.ts';
import type { PartitionView } from './partition-view.ts';
import type { Placer } from './placer.ts';
import type { Slot } from './slot.ts';
import type { Work } from './work.ts';

export interface Wave {
  /** Machines that are its processes and must not boot before it. */
  readonly machines: Action[];
  readonly processes: Action[];
  /** Processes that leave the rotation, each with the actions without which it must not. */
  readonly withdraw: Map<string, readonly string[]>;
  readonly removals: (ProcessRemove | ProcessForget)[];
  /** What the removals depend on, in their order; the stage that withdraws their processes is added to it. */
  readonly removalsAfter: string[][];
  /** Another set of processes is in rotation after it. */
  changed: boolean;
}

/** What the waves of one partition share. */
export interface Site {
  readonly view: PartitionView;
  readonly found: Survey;
  readonly growth: Growth;
  readonly placer: Placer;
  readonly works: readonly Work[];
  /** The wave that is being planned, from 0. */
  readonly clock: { wave: number };
  /** In rotation at the end of what is planned so far. */
  readonly included: Set<string>;
  /** By id. */
  readonly copies: Map<string, ImageCopy>;
}

/** A place that is free once the wave is over. */
export interface Release {
  readonly slot: Slot;
  readonly demand: Demand;
  readonly index: number;
  readonly id: string;
}

/** A wave in which nothing happens yet. */
export function emptyWave(): Wave {
  return { machines: [], processes: [], withdraw: new Map(), removals: [], removalsAfter: [], changed: false };
}
