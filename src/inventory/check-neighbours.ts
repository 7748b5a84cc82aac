/** `near` and `apart`: which subscriptions want VMs together, and which never. */
import type { CartridgeSpec, SubscriptionSpec } from '../model/spec.ts';
import { sound } from './resolve-context.ts';
import type { ResolveContext } from './resolve-context.ts';
import type { RawSubscription } from './raw/workloads.ts';
import type { Entry } from './spec-files.ts';
import type { YamlPath } from './yaml-source.ts';

type Wish = 'near' | 'apart';

/** Reports aliases that are not there, that are the subscription itself or in another partition, and wishes against each other. */
export function checkNeighbours(
  context: ResolveContext,
  subscriptions: Readonly<Record<string, SubscriptionSpec>>,
  cartridges: Readonly<Record<string, CartridgeSpec>>,
): void {
  for (const entry of sound(context, 'subscriptions')) {
    const raw = entry.value as RawSubscription;
    for (const wish of ['near', 'apart'] as const)
      for (const [index, other] of (raw[wish] ?? []).entries())
        checkWish(context, entry, { wish, index, other }, subscriptions, cartridges);
  }
}

function checkWish(
  context: ResolveContext,
  entry: Entry,
  { wish, index, other }: { readonly wish: Wish; readonly index: number; readonly other: string },
  subscriptions: Readonly<Record<string, SubscriptionSpec>>,
  cartridges: Readonly<Record<string, CartridgeSpec>>,
): void {
  const { name } = entry;
  const path: YamlPath = [wish, index];
  const tell = (message: string): void => {
    context.report('subscriptions', entry, path, message);
  };
  if (!context.requireName('subscriptions', other, 'subscriptions', entry, path)) return;
  if (other === name) {
    tell(
      wish === 'apart'
        ? `${name} must not be apart from itself; spread: true keeps its processes on different VMs`
        : `${name} must not be near itself`,
    );
    return;
  }
  const self = own(subscriptions, name);
  const there = own(subscriptions, other);
  if (!self || !there) return;
  if (self[wish].indexOf(other) < index) tell(`${other} must stand once only in ${wish} of ${name}`);
  if (wish === 'near' && (self.apart.includes(other) || there.apart.includes(name)))
    tell(`${name} must not be both near and apart from ${other}`);
  const [here, elsewhere] = [own(cartridges, self.cartridge)?.partition, own(cartridges, there.cartridge)?.partition];
  if (here !== undefined && elsewhere !== undefined && here !== elsewhere)
    tell(`${wish} of ${name} must name subscriptions of its own partition ${here}: ${other} is in ${elsewhere}`);
}

function own<T>(things: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(things, name) ? things[name] : undefined;
}
