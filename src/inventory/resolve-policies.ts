/** Policies of partitions, what a reference to a policy leads to, and the checks of all kinds. */
import { NO_BOUND } from '../model/bounds.ts';
import { DEFAULT_SCALE_DOWN, DEFAULT_SPARE } from '../model/policy.ts';
import type { PartitionPolicy } from '../model/policy.ts';
import { checkBounds, tellAt } from './policy-place.ts';
import type { PolicyPlace, Tell } from './policy-place.ts';
import type { RawIdlePolicy, RawPartitionPolicy, RawRolloutPolicy, RawScalingPolicy } from './raw/policies.ts';
import type { RawBounds } from './raw/terms.ts';
import { durationOf, shareOf, vmSizeOf } from './read-quantity.ts';
import { boundsOf, sound } from './resolve-context.ts';
import type { ResolveContext } from './resolve-context.ts';
import { checkIdle } from './resolve-idle.ts';
import { checkRollout } from './resolve-rollout.ts';
import { checkScaling } from './resolve-scaling.ts';
import type { Entry, Section } from './spec-files.ts';

/** A partition's policy. Without one: one VM of one core and 1 GiB. */
export function partitionPolicy(name: string, raw: RawPartitionPolicy): PartitionPolicy {
  return {
    name,
    vms: boundsOf(raw.vms),
    vm: vmSizeOf(raw.vm),
    processesPerVm: raw.processesPerVm ?? NO_BOUND,
    strategy: raw.strategy ?? 'pack',
    ...(raw.algorithm === undefined ? {} : { algorithm: raw.algorithm }),
    spare: {
      processes: raw.spare?.processes ?? DEFAULT_SPARE.processes,
      vms: raw.spare?.vms ?? DEFAULT_SPARE.vms,
    },
    scaleDown: {
      after: durationOf(raw.scaleDown?.after, DEFAULT_SCALE_DOWN.after),
      below: shareOf(raw.scaleDown?.below, DEFAULT_SCALE_DOWN.below),
      afterGrowth: durationOf(raw.scaleDown?.afterGrowth, DEFAULT_SCALE_DOWN.afterGrowth),
    },
  };
}

/**
 * The policy behind a reference: a name, the policy itself (called `inline`), or nothing (`default`). Undefined when the name
 * is not there, or what it names is refused by the schema; the problem is then reported already.
 */
export function referred<T extends object>(
  context: ResolveContext,
  kind: 'partition' | 'scaling' | 'idle' | 'rollout',
  reference: string | T | undefined,
  place: PolicyPlace,
): { readonly name: string; readonly raw: T } | undefined {
  if (reference === undefined) return { name: 'default', raw: {} as T };
  if (typeof reference !== 'string') return { name: 'inline', raw: reference };
  const section = `policies.${kind}` as const;
  if (!context.requireName(section, reference, place.section, place.entry, place.path)) return undefined;
  const entry = context.files.entries[section].get(reference);
  return entry?.sound ? { name: reference, raw: entry.value as T } : undefined;
}

/** Checks every policy, named or inline, once where it is defined. */
export function checkPolicies(context: ResolveContext): void {
  for (const kind of ['partition', 'scaling', 'idle', 'rollout'] as const) {
    const section = `policies.${kind}` as const;
    for (const entry of sound(context, section))
      checkPolicy(kind, entry.value, tellAt(context, { section, entry, path: [] }));
  }
  for (const entry of sound(context, 'partitions'))
    checkInline(context, 'partition', entry, 'partitions', (entry.value as { policy?: unknown }).policy, 'policy');
  for (const entry of sound(context, 'subscriptions')) {
    const raw = entry.value as Readonly<Record<string, unknown>>;
    for (const kind of ['scaling', 'idle', 'rollout'] as const)
      checkInline(context, kind, entry, 'subscriptions', raw[kind], kind);
    const tell = tellAt(context, { section: 'subscriptions', entry, path: [] });
    checkBounds(tell, raw.processes as RawBounds | undefined, ['processes']);
  }
}

type PolicyKind = 'partition' | 'scaling' | 'idle' | 'rollout';

function checkInline(
  context: ResolveContext,
  kind: PolicyKind,
  entry: Entry,
  section: Section,
  value: unknown,
  key: string,
): void {
  if (typeof value === 'object' && value !== null)
    checkPolicy(kind, value, tellAt(context, { section, entry, path: [key] }));
}

function checkPolicy(kind: PolicyKind, value: unknown, tell: Tell): void {
  switch (kind) {
    case 'partition': {
      checkPartition(tell, value as RawPartitionPolicy);
      break;
    }
    case 'scaling': {
      checkScaling(tell, value as RawScalingPolicy);
      break;
    }
    case 'idle': {
      checkIdle(tell, value as RawIdlePolicy);
      break;
    }
    case 'rollout': {
      checkRollout(tell, value as RawRolloutPolicy);
      break;
    }
  }
}

function checkPartition(tell: Tell, raw: RawPartitionPolicy): void {
  checkBounds(tell, raw.vms, ['vms']);
  const { vms, spare } = partitionPolicy('', raw);
  if (spare.vms > vms.max)
    tell(['spare', 'vms'], `spare.vms must not be above vms.max: ${String(spare.vms)} > ${String(vms.max)}`);
}
