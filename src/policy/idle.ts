/** Whether anybody uses a process. */
import { instant, type Instant } from '../model/quantity.ts';
import type { ProcessSample } from '../model/signal.ts';
import type { IdlePolicy } from '../model/policy.ts';

/** `unknown` is never idle. */
export type Use =
  | { readonly use: 'idle'; readonly since: Instant }
  | { readonly use: 'busy' }
  | { readonly use: 'unknown'; readonly missing: string };

const BUSY: Use = { use: 'busy' };

/**
 * Idle is who has no request and no connection (where gateways serve it), uses no more CPU than the policy allows, has no operator's
 * session (where the policy asks) and whose probe (where there is one) does not say busy. Each must be known. It counts from the
 * first time all were so, without a break, or from its last use where that was later. Without `inside`, gateways alone tell.
 */
export function useOf(
  sample: ProcessSample | undefined,
  policy: IdlePolicy,
  served: boolean,
  since: Instant | undefined,
  now: Instant,
  inside = true,
): Use {
  if (!sample) return unknown('it was not measured');
  const { requestsInFlight, cpu, sessions, busy, lastUsed } = sample;
  const checks: readonly Check[] = [
    served && { of: 'requestsInFlight', known: requestsInFlight, inUse: (requestsInFlight ?? 0) > 0 },
    inside && { of: 'cpu', known: cpu, inUse: (cpu ?? 0) > policy.cpuBelow },
    inside && policy.sessions && { of: 'sessions', known: sessions, inUse: (sessions ?? 0) > 0 },
    policy.busy && { of: 'its own probe', known: busy, inUse: busy === true },
  ].filter((check) => typeof check === 'object');
  if (checks.some(({ inUse }) => inUse)) return BUSY;
  const missing = checks.find(({ known }) => known === undefined);
  if (missing) return unknown(`no data for ${missing.of}`);
  return { use: 'idle', since: latest(since ?? now, lastUsed, now) };
}

interface Check {
  readonly of: string;
  readonly known: number | boolean | undefined;
  readonly inUse: boolean;
}

/** The later of two times, and never one to come: clocks of VMs differ. */
export function latest(since: Instant, lastUsed: Instant | undefined, now: Instant): Instant {
  return instant(Math.min(now, Math.max(since, lastUsed ?? since)));
}

function unknown(missing: string): Use {
  return { use: 'unknown', missing };
}
