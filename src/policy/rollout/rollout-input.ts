/** What one rollout is decided from. */
import type { RolloutMemory } from '../../model/memory.ts';
import type { RolloutPolicy } from '../../model/policy.ts';
import type { Instant } from '../../model/quantity.ts';
import type { Measurement } from '../../model/signal.ts';
import type { Choice } from './choose-revision.ts';
import type { Fellow } from './fellow.ts';

export interface RolloutInput {
  readonly choice: Choice;
  readonly policy: RolloutPolicy;
  /** Processes that are wanted. */
  readonly desired: number;
  /** They are replaced in place, as they have volumes: never two sets side by side. */
  readonly inPlace: boolean;
  readonly fellows: readonly Fellow[];
  readonly measurement: Measurement;
  readonly memory: RolloutMemory | undefined;
  /** The revision before can be made: its image is in the store. */
  readonly hasFallback: boolean;
  readonly now: Instant;
}
