/** The environment of a subscription's processes: what is handed over, cartridge and subscription merged, secrets read where they are kept. */
import { createHmac } from 'node:crypto';
import { readSecret } from '../host/read-secret.ts';
import { Secret } from '../model/secret.ts';
import type { Spec, SubscriptionSpec } from '../model/spec.ts';
import { handedOver } from './handed-over.ts';

export type Environment = Readonly<Record<string, string | Secret>>;

/**
 * The environment of one subscription. What is read on the operator's machine is a {@link Secret}.
 * @throws HostError when a secret is not where it should be
 */
export async function environmentOf(
  spec: Spec,
  subscription: SubscriptionSpec,
  variables: Readonly<Record<string, string | undefined>>,
): Promise<Environment> {
  const merged = {
    ...handedOver(spec, subscription),
    ...spec.cartridges[subscription.cartridge]?.env,
    ...subscription.env,
  };
  const result: Record<string, string | Secret> = {};
  for (const [name, value] of Object.entries(merged)) {
    result[name] =
      value.kind === 'value' ? value.value : await readSecret(value, `set ${name} of ${subscription.alias}`, variables);
  }
  return result;
}

/** What keeps digests of environments from being a way back to what is in them. */
export interface DigestKeys {
  /** The fleet's lineage, for environments without a secret: they stand in the spec anyway. */
  readonly lineage: string;
  /** A key that is stored nowhere near the digests; asked for only where there is a secret. */
  readonly secret: () => Promise<string>;
}

/** {@link environmentDigest} of each. */
export async function environmentDigests(
  environments: Readonly<Record<string, Environment>>,
  keys: DigestKeys,
): Promise<Readonly<Record<string, string>>> {
  const digests: Record<string, string> = {};
  for (const [alias, environment] of Object.entries(environments))
    digests[alias] = await environmentDigest(environment, keys);
  return digests;
}

/**
 * Digest of an environment. One with a secret is keyed by what is not in the inventory, so that whoever reads the inventory
 * cannot try short secrets until one fits. Equal environments have equal digests whatever the order of their names.
 */
export async function environmentDigest(environment: Environment, keys: DigestKeys): Promise<string> {
  const secret = Object.values(environment).some((value) => value instanceof Secret);
  const hmac = createHmac('sha256', secret ? await keys.secret() : keys.lineage);
  for (const name of Object.keys(environment).sort()) {
    const value = environment[name];
    hmac.update(JSON.stringify([name, value instanceof Secret ? value.reveal() : value]));
  }
  return hmac.digest('hex').slice(0, 16);
}
