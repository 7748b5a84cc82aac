import type { Slot } from './slot.ts';

/** Gateways that serve already, and gateways that this plan makes or cannot see: no removal waits for the latter. */
export interface GatewaySlots {
  readonly serving: readonly Slot[];
  readonly joining: readonly Slot[];
  /** Those of serving whose VMs this plan ends: they serve until then. Undefined: none. */
  readonly leaving?: ReadonlySet<Slot>;
}
