/** Policies of all kinds: quantities parsed, defaults filled in, names replaced. */
import { bytes, cores, millis, parseBytes, parseCores, parseDuration, parsePercent } from '../model/quantity.ts';
import type { Bytes, Cores, Millis } from '../model/quantity.ts';
import { DEFAULT_SCALE_DOWN, DEFAULT_SPARE, DEFAULT_TUNING, NO_BOUND } from '../model/spec.ts';
import type { IdlePolicy, PartitionPolicy, RolloutPolicy, ScalingPolicy } from '../model/spec.ts';
import type { RawBounds, RawIdlePolicy, RawPartitionPolicy, RawRolloutPolicy, RawScalingPolicy } from './raw-spec.ts';
import { boundsOf, sound } from './resolve-context.ts';
import type { ResolveContext } from './resolve-context.ts';
import type { Entry, Section } from './spec-files.ts';
import type { YamlPath } from './yaml-source.ts';

const GIB = 2 ** 30;

/** Where a policy stands, for its problems. */
export interface PolicyPlace {
  readonly section: Section;
  readonly entry: Entry;
  readonly path: YamlPath;
}

/** Parses a size that the schema accepted; `fallback` where there is none. */
export function sizeOf(raw: number | string | undefined, fallback: number): Bytes {
  return raw === undefined ? bytes(fallback) : (parseBytes(raw) ?? bytes(fallback));
}

/** Parses a number of cores that the schema accepted. */
export function coresOf(raw: number | string | undefined, fallback: number): Cores {
  return raw === undefined ? cores(fallback) : (parseCores(raw) ?? cores(fallback));
}

/** Parses a duration that the schema accepted. */
export function durationOf(raw: string | undefined, fallback: number): Millis {
  return raw === undefined ? millis(fallback) : (parseDuration(raw) ?? millis(fallback));
}

/** A partition's policy. Without one: one VM of one core and 1 GiB. */
export function partitionPolicy(name: string, raw: RawPartitionPolicy): PartitionPolicy {
  return {
    name,
    vms: boundsOf(raw.vms),
    vm: {
      cpu: coresOf(raw.vm?.cpu, 1),
      memory: sizeOf(raw.vm?.memory, GIB),
      ...(raw.vm?.disk === undefined ? {} : { disk: sizeOf(raw.vm.disk, 0) }),
    },
    processesPerVm: raw.processesPerVm ?? NO_BOUND,
    strategy: raw.strategy ?? 'pack',
    spare: DEFAULT_SPARE,
    scaleDown: DEFAULT_SCALE_DOWN,
  };
}

/** A scaling policy. Without one: one process. Percentages become fractions. */
export function scalingPolicy(name: string, raw: RawScalingPolicy): ScalingPolicy {
  const target = Object.entries(raw.target ?? {}).map(([signal, value]): [string, number] => [
    signal,
    typeof value === 'number' ? value : (parsePercent(value) ?? Number(value)),
  ]);
  return {
    name,
    processes: boundsOf(raw.processes),
    target: Object.fromEntries(target),
    signals: {},
    schedules: [],
    tuning: DEFAULT_TUNING,
  };
}

/** An idle policy. */
export function idlePolicy(name: string, raw: RawIdlePolicy): IdlePolicy {
  return {
    name,
    ...(raw.freezeAfter === undefined ? {} : { freezeAfter: durationOf(raw.freezeAfter, 0) }),
    ...(raw.stopAfter === undefined ? {} : { stopAfter: durationOf(raw.stopAfter, 0) }),
    wake: raw.wake ?? 'on-request',
    cpuBelow: 0.05,
    sessions: true,
    coldStart: false,
  };
}

/** A rollout policy. Without one: one more while replacing, none fewer, 10 s to finish requests. */
export function rolloutPolicy(name: string, raw: RawRolloutPolicy): RolloutPolicy {
  return {
    name,
    maxSurge: raw.maxSurge ?? 1,
    maxUnavailable: raw.maxUnavailable ?? 0,
    drain: durationOf(raw.drain, 10_000),
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
    for (const entry of sound(context, section)) checkPolicy(context, kind, entry.value, { section, entry, path: [] });
  }
  for (const entry of sound(context, 'partitions'))
    checkInline(context, 'partition', entry, 'partitions', (entry.value as { policy?: unknown }).policy, 'policy');
  for (const entry of sound(context, 'subscriptions')) {
    const raw = entry.value as Readonly<Record<string, unknown>>;
    for (const kind of ['scaling', 'idle', 'rollout'] as const)
      checkInline(context, kind, entry, 'subscriptions', raw[kind], kind);
    checkBounds(context, raw.processes as RawBounds | undefined, {
      section: 'subscriptions',
      entry,
      path: ['processes'],
    });
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
  if (typeof value === 'object' && value !== null) checkPolicy(context, kind, value, { section, entry, path: [key] });
}

function checkPolicy(context: ResolveContext, kind: PolicyKind, value: unknown, place: PolicyPlace): void {
  const at = (...path: string[]): PolicyPlace => ({ ...place, path: [...place.path, ...path] });
  switch (kind) {
    case 'partition': {
      checkBounds(context, (value as RawPartitionPolicy).vms, at('vms'));
      break;
    }
    case 'scaling': {
      checkBounds(context, (value as RawScalingPolicy).processes, at('processes'));
      break;
    }
    case 'idle': {
      const { freezeAfter, stopAfter } = idlePolicy('', value as RawIdlePolicy);
      if (freezeAfter !== undefined && stopAfter !== undefined && freezeAfter >= stopAfter)
        tell(context, at('freezeAfter'), 'freezeAfter must be less than stopAfter, else nothing is ever frozen');
      break;
    }
    case 'rollout': {
      const { maxSurge, maxUnavailable } = rolloutPolicy('', value as RawRolloutPolicy);
      if (maxSurge === 0 && maxUnavailable === 0)
        tell(context, at('maxSurge'), 'maxSurge and maxUnavailable must not both be 0, else nothing can be replaced');
      break;
    }
  }
}

function checkBounds(context: ResolveContext, raw: RawBounds | undefined, place: PolicyPlace): void {
  const { min, max } = boundsOf(raw);
  if (min <= max) return;
  const name = String(place.path.at(-1));
  tell(
    context,
    { ...place, path: [...place.path, 'min'] },
    `${name}.min must not be above ${name}.max: ${String(min)} > ${String(max)}`,
  );
}

function tell(context: ResolveContext, { section, entry, path }: PolicyPlace, message: string): void {
  context.report(section, entry, path, message);
}
