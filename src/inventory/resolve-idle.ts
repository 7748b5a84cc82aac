/** Idle policies: when processes sleep. */
import type { IdlePolicy } from '../model/policy.ts';
import type { CartridgeSpec, SubscriptionSpec } from '../model/spec.ts';
import type { Tell } from './policy-place.ts';
import type { RawIdlePolicy } from './raw/policies.ts';
import { durationOf, shareOf } from './read-quantity.ts';

/** An idle policy. Without more words: nothing sleeps. */
export function idlePolicy(name: string, raw: RawIdlePolicy): IdlePolicy {
  return {
    name,
    ...(raw.freezeAfter === undefined ? {} : { freezeAfter: durationOf(raw.freezeAfter, 0) }),
    ...(raw.stopAfter === undefined ? {} : { stopAfter: durationOf(raw.stopAfter, 0) }),
    wake: raw.wake ?? 'on-request',
    cpuBelow: shareOf(raw.cpuBelow, 0.05),
    sessions: raw.sessions ?? true,
    ...(raw.busy === undefined ? {} : { busy: raw.busy }),
    coldStart: raw.coldStart ?? false,
  };
}

/** Reports times and wishes that cannot be together. */
export function checkIdle(tell: Tell, raw: RawIdlePolicy): void {
  const { freezeAfter, stopAfter, coldStart } = idlePolicy('', raw);
  for (const [key, after] of Object.entries({ freezeAfter, stopAfter }))
    if (after === 0) tell([key], `${key} must be above 0, else a process sleeps before its first request`);
  if (freezeAfter !== undefined && stopAfter !== undefined && stopAfter > 0 && freezeAfter >= stopAfter)
    tell(['freezeAfter'], 'freezeAfter must be less than stopAfter, else nothing is ever frozen');
  if (coldStart && stopAfter === undefined)
    tell(['coldStart'], 'coldStart needs stopAfter: only a stopped process can be removed');
}

/** Reports a policy that would leave the processes of this subscription asleep for good. */
export function checkSleep(tell: Tell, subscription: SubscriptionSpec, cartridge: CartridgeSpec): void {
  const { alias, idle, scaling, port, hosts } = subscription;
  if (!idle || (idle.freezeAfter === undefined && idle.stopAfter === undefined)) return;
  const { min } = scaling.processes;
  if (idle.wake === 'never') {
    if (min > 0)
      tell(
        [],
        `idle of ${alias} wakes never, so that its minimum of ${String(min)} would sleep for good: processes.min must be 0`,
      );
    return;
  }
  const nobody = `idle of ${alias} wakes on request, but nobody can ask:`;
  if (cartridge.ports.length === 0) tell([], `${nobody} its cartridge ${cartridge.name} has no ports`);
  else if (port === undefined && hosts.length === 0) tell([], `${nobody} it has neither port nor hosts`);
}
