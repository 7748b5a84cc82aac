/** What putting a process to sleep needs to know of it, from the spec. */
import { trafficPort } from '../gateway/gateway-model.ts';
import { wakesOnRequest, type SleepRequest } from '../lxc/sleep.ts';
import { NotFoundError } from '../model/errors.ts';
import type { ProcessRecord, SleepDepth } from '../model/inventory.ts';
import type { Spec } from '../model/spec.ts';

/** A request wakes it where its subscription's policy says so and its cartridge has a port. @throws NotFoundError */
export function sleepRequest(spec: Spec, record: ProcessRecord, depth: SleepDepth): SleepRequest {
  const { name, index } = record;
  const subscription = spec.subscriptions[record.subscription];
  const cartridge = subscription && spec.cartridges[subscription.cartridge];
  const partition = cartridge && spec.partitions[cartridge.partition];
  if (!partition)
    throw new NotFoundError(`Cannot put ${name} to sleep as its subscription is gone`, { hint: 'stratos plan' });
  const port = wakesOnRequest(subscription) ? trafficPort(cartridge) : undefined;
  const wake = port && { port: port.port, startup: cartridge.health.startup };
  return { name, index, network: partition.network, depth, ...(wake ? { wake } : {}) };
}
