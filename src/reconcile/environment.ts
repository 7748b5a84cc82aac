/** The environment of a subscription's processes: cartridge and subscription merged, secrets read where they are kept. */
import { createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { HostError } from '../model/errors.ts';
import { Secret } from '../model/secret.ts';
import type { EnvValue, Spec, SubscriptionSpec } from '../model/spec.ts';

export type Environment = Readonly<Record<string, string | Secret>>;

/**
 * The environment of one subscription. A value from a variable or a file of the operator's machine is a {@link Secret}.
 * @throws HostError when a variable is not set or a file cannot be read
 */
export async function environmentOf(
  spec: Spec,
  subscription: SubscriptionSpec,
  variables: Readonly<Record<string, string | undefined>>,
): Promise<Environment> {
  const merged = { ...spec.cartridges[subscription.cartridge]?.env, ...subscription.env };
  const result: Record<string, string | Secret> = {};
  for (const [name, value] of Object.entries(merged)) {
    result[name] = await valueOf(value, `${name} of ${subscription.alias}`, variables);
  }
  return result;
}

async function valueOf(
  value: EnvValue,
  what: string,
  variables: Readonly<Record<string, string | undefined>>,
): Promise<string | Secret> {
  switch (value.kind) {
    case 'value':
      return value.value;
    case 'env': {
      const found = variables[value.variable];
      if (found === undefined)
        throw new HostError(`Cannot set ${what} as the environment variable is not set: ${value.variable}`, {
          hint: `export ${value.variable}=…`,
        });
      return new Secret(found);
    }
    case 'file':
      try {
        return new Secret((await readFile(value.path, 'utf8')).replace(/\n$/, ''));
      } catch (cause) {
        throw new HostError(`Cannot set ${what} as the file cannot be read: ${value.path}`, { cause });
      }
  }
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
