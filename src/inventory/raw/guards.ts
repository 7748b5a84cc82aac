/** `hooks:` and `guards:`, as the schema leaves them. */

export interface RawHooks {
  readonly timeout?: string;
}

export interface RawGuards {
  readonly maxVms?: number;
  readonly maxCostPerHour?: number;
  readonly maxChangesPerRun?: number;
  readonly disruption?: string;
  readonly breaker?: { readonly bootFailures?: number; readonly unreachable?: string };
}
