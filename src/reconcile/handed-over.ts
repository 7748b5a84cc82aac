/** What a subscription gets in its environment from those that it needs. */
import { trafficPort } from '../gateway/gateway-model.ts';
import { gatewayAddress } from '../lxc/network.ts';
import { isServed } from '../model/needs.ts';
import type { EnvValue } from '../model/secret-ref.ts';
import type { NeedSpec, Spec, SubscriptionSpec } from '../model/spec.ts';

/**
 * Variables by name. Address and port are those of the gateway on the process's own VM, the same on every VM: which processes answer
 * behind it, and on which VMs, changes nothing. What is not served on a port hands over its outputs alone. A machine that is a process
 * has no such gateway and no environment: it is handed nothing.
 */
export function handedOver(
  spec: Spec,
  { cartridge, needs = [] }: Pick<SubscriptionSpec, 'cartridge' | 'needs'>,
): Readonly<Record<string, EnvValue>> {
  const { runtime, partition = '' } = spec.cartridges[cartridge] ?? {};
  if (runtime === 'vm') return {};
  const network = spec.partitions[partition]?.network;
  const variables = needs.flatMap((need) => [
    ...(network === undefined ? [] : addressOf(spec, need, gatewayAddress(network))),
    ...outputsOf(spec, need),
  ]);
  return Object.fromEntries(variables);
}

type Variable = readonly [name: string, value: EnvValue];

function addressOf(spec: Spec, { subscription: alias, as }: NeedSpec, host: string): readonly Variable[] {
  const needed = spec.subscriptions[alias];
  const cartridge = needed && spec.cartridges[needed.cartridge];
  if (!cartridge || needed.port === undefined || !isServed(spec, alias)) return [];
  const port = String(needed.port);
  const scheme = trafficPort(cartridge)?.protocol ?? 'tcp';
  const plain = (name: string, value: string): Variable => [`${as}_${name}`, { kind: 'value', value }];
  return [plain('HOST', host), plain('PORT', port), plain('URL', `${scheme}://${host}:${port}`)];
}

function outputsOf(spec: Spec, { subscription: alias, as, outputs }: NeedSpec): readonly Variable[] {
  const needed = spec.subscriptions[alias];
  const cartridge = needed && spec.cartridges[needed.cartridge];
  if (!cartridge) return [];
  const environment = { ...cartridge.env, ...needed.env };
  return (outputs ?? Object.keys(cartridge.outputs ?? {})).flatMap((name): readonly Variable[] => {
    const output = cartridge.outputs?.[name];
    const value = output?.kind === 'own' ? environment[output.variable] : output;
    return value ? [[`${as}_${name.toUpperCase().replaceAll('-', '_')}`, value]] : [];
  });
}
