/** `outputs:` of cartridges and `needs:` of subscriptions. */
import { circles } from '../model/needs.ts';
import type { CartridgeSpec, NeedSpec, OutputSpec, SubscriptionSpec } from '../model/spec.ts';
import { trafficPort } from './check-traffic.ts';
import type { RawCartridge, RawLongNeed, RawNeed, RawSubscription } from './raw/workloads.ts';
import { sound, type ReportOptions, type ResolveContext } from './resolve-context.ts';
import { secretOf } from './resolve-secret.ts';
import { showValue } from './show-value.ts';
import { entryPath, type Entry } from './spec-files.ts';
import { suggest } from './suggest.ts';
import type { YamlPath } from './yaml-source.ts';

/** What an address is handed over as: no output has these names. */
const ADDRESS_PARTS = ['host', 'port', 'url'];

/** The outputs of a cartridge; undefined where it has none. */
export function outputsOf(context: ResolveContext, entry: Entry): Readonly<Record<string, OutputSpec>> | undefined {
  const { outputs } = entry.value as RawCartridge;
  if (!outputs) return undefined;
  const result: [string, OutputSpec][] = [];
  for (const [name, raw] of Object.entries(outputs)) {
    if (ADDRESS_PARTS.includes(name))
      context.report(
        'cartridges',
        entry,
        ['outputs', name],
        `An output must not have the name of a part of the address: ${name}`,
        { anchor: 'key' },
      );
    if (typeof raw === 'object')
      result.push([name, 'env' in raw ? { kind: 'own', variable: raw.env } : secretOf(context.directory, raw)]);
    else {
      // As it is written, so that `8.10` stays `8.10`.
      const path = [...entryPath('cartridges', entry.name), 'outputs', name];
      const written = typeof raw === 'string' ? raw : (entry.source.written(path) ?? String(raw));
      result.push([name, { kind: 'value', value: written }]);
    }
  }
  return Object.fromEntries(result);
}

/** A need in its long form. */
export function longNeed(raw: RawNeed): RawLongNeed {
  return typeof raw === 'string' ? { subscription: raw } : raw;
}

/** The needs of a subscription; undefined where it has none. */
export function resolvedNeeds({ needs }: RawSubscription): readonly NeedSpec[] | undefined {
  if (!needs || needs.length === 0) return undefined;
  return needs.map(longNeed).map(({ subscription, as, outputs, scale, whenLost }) => ({
    subscription,
    as: as ?? prefixOf(subscription),
    ...(outputs ? { outputs } : {}),
    ...(scale ? { ratio: scale.ratio } : {}),
    whenLost: whenLost ?? 'keep',
  }));
}

function prefixOf(alias: string): string {
  return alias.toUpperCase().replaceAll('-', '_');
}

/** Reports needs that lead nowhere, stand twice or go round in a circle, and outputs that are not there. */
export function checkNeeds(
  context: ResolveContext,
  subscriptions: Readonly<Record<string, SubscriptionSpec>>,
  cartridges: Readonly<Record<string, CartridgeSpec>>,
): void {
  const graph = new Map<string, readonly string[]>();
  for (const entry of sound(context, 'subscriptions')) {
    const needs = ((entry.value as RawSubscription).needs ?? []).map(longNeed);
    graph.set(
      entry.name,
      needs.map(({ subscription }) => subscription).filter((other) => other !== entry.name),
    );
    const look: Look = { context, entry, needs, subscriptions, cartridges };
    for (const index of needs.keys()) checkNeed(look, index);
  }
  for (const circle of circles(graph)) tellCircle(context, circle);
  checkPassages(context, subscriptions, cartridges);
}

interface Look {
  readonly context: ResolveContext;
  readonly entry: Entry;
  readonly needs: readonly RawLongNeed[];
  readonly subscriptions: Readonly<Record<string, SubscriptionSpec>>;
  readonly cartridges: Readonly<Record<string, CartridgeSpec>>;
}

function checkNeed({ context, entry, needs, subscriptions, cartridges }: Look, index: number): void {
  const { name } = entry;
  const need = needs[index];
  if (!need) return;
  const isShort = typeof (entry.value as RawSubscription).needs?.[index] === 'string';
  const at: YamlPath = isShort ? ['needs', index] : ['needs', index, 'subscription'];
  const tell = (path: YamlPath, message: string, options?: ReportOptions): void => {
    context.report('subscriptions', entry, path, message, options);
  };
  const { subscription: other } = need;
  if (!context.requireName('subscriptions', other, 'subscriptions', entry, at)) return;
  if (other === name) {
    tell(at, `${name} must not need itself`);
    return;
  }
  const before = needs.slice(0, index);
  if (before.some(({ subscription }) => subscription === other))
    tell(at, `${other} must stand once only in needs of ${name}`);
  const prefix = need.as ?? prefixOf(other);
  const twin = before.find(
    ({ subscription, as }) => subscription !== other && (as ?? prefixOf(subscription)) === prefix,
  );
  if (twin)
    tell(
      need.as === undefined ? at : ['needs', index, 'as'],
      `Variables of ${twin.subscription} and ${other} must differ in ${name}: both begin with ${prefix}`,
    );
  const there = own(subscriptions, other);
  const cartridge = there && own(cartridges, there.cartridge);
  if (!cartridge) return;
  const outputs = cartridge.outputs ?? {};
  for (const [place, output] of (need.outputs ?? []).entries())
    if (!Object.hasOwn(outputs, output))
      tell(
        ['needs', index, 'outputs', place],
        `outputs of ${other} must be among those of cartridge ${cartridge.name}: ${showValue(output)}`,
        { suggestion: suggest(output, Object.keys(outputs)) },
      );
  for (const output of need.outputs ?? Object.keys(outputs)) {
    const given = own(outputs, output);
    if (given?.kind !== 'own') continue;
    const has = { ...cartridge.env, ...there.env };
    if (!Object.hasOwn(has, given.variable))
      tell(at, `Output ${output} of ${other} must be a variable that it has: ${given.variable}`, {
        suggestion: suggest(given.variable, Object.keys(has)),
      });
  }
}

/** At the need that closes it, in the entry that comes last by name before it begins again. */
function tellCircle(context: ResolveContext, circle: readonly string[]): void {
  const [to, from] = [circle.at(-1), circle.at(-2)];
  const entry = from === undefined ? undefined : context.files.entries.subscriptions.get(from);
  if (!entry || to === undefined) return;
  const raw = (entry.value as RawSubscription).needs ?? [];
  const index = raw.map(longNeed).findIndex(({ subscription }) => subscription === to);
  const at: YamlPath = typeof raw[index] === 'string' ? ['needs', index] : ['needs', index, 'subscription'];
  context.report('subscriptions', entry, at, `Needs must not go round in a circle: ${circle.join(' → ')}`);
}

/**
 * What is needed in another partition is reached at the same port of the own VM: reports where that port is taken there, or two would
 * have it.
 */
function checkPassages(
  context: ResolveContext,
  subscriptions: Readonly<Record<string, SubscriptionSpec>>,
  cartridges: Readonly<Record<string, CartridgeSpec>>,
): void {
  const partitionOf = (alias: string): string | undefined =>
    own(cartridges, own(subscriptions, alias)?.cartridge ?? '')?.partition;
  const listeners = new Map<string, string>();
  for (const { alias, port, hosts } of Object.values(subscriptions)) {
    const partition = partitionOf(alias);
    if (port !== undefined) listeners.set(`${String(partition)} ${String(port)}`, alias);
    if (hosts.length > 0) listeners.set(`${String(partition)} 80`, alias);
  }
  for (const entry of sound(context, 'subscriptions')) {
    const here = partitionOf(entry.name);
    // A machine that is a process has no gateway of its own to reach anything by.
    if (own(cartridges, own(subscriptions, entry.name)?.cartridge ?? '')?.runtime === 'vm') continue;
    for (const [index, raw] of ((entry.value as RawSubscription).needs ?? []).entries()) {
      const { subscription: other } = longNeed(raw);
      const needed = own(subscriptions, other);
      const there = partitionOf(other);
      if (needed?.port === undefined || here === undefined || there === undefined || here === there) continue;
      const cartridge = own(cartridges, needed.cartridge);
      if (!cartridge || !trafficPort(cartridge)) continue;
      const key = `${here} ${String(needed.port)}`;
      const first = listeners.get(key);
      if (first === undefined) listeners.set(key, other);
      else if (first !== other)
        context.report(
          'subscriptions',
          entry,
          ['needs', index],
          `Port ${String(needed.port)} of ${other} must be free in partition ${here}, where ${entry.name} reaches it: it is of ${first}`,
        );
    }
  }
}

function own<T>(things: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(things, name) ? things[name] : undefined;
}
