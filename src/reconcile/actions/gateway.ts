/** The gateways of a partition: each VM's HAProxy knows every ready process of the partition. */
import { configureStep } from '../../gateway/configure.ts';
import { passagesOf } from '../../gateway/passages.ts';
import { peersStep } from '../../lxc/peers.ts';
import { disarmStep, wakesOnRequest } from '../../lxc/sleep.ts';
import { tenantsFailure, tenantsStep } from '../../lxc/tenants.ts';
import { NotFoundError, RemoteCommandError } from '../../model/errors.ts';
import type { ProcessRecord } from '../../model/inventory.ts';
import { millis } from '../../model/quantity.ts';
import { gatewayHome } from '../../model/spec.ts';
import type { ApplyContext } from '../context.ts';
import { gatewayOf } from '../gateway-of.ts';
import { NO_FAILURES, type Handler } from './handler.ts';
import { recordOf } from './machines.ts';

export const configureGateway: Handler<'gateway.configure'> = async (context, vm) => {
  const { recorder, spec, deps, signal } = context;
  const record = recordOf(context, vm);
  const { endpoint } = record;
  if (!endpoint) throw new NotFoundError(`Cannot reach ${vm} as it has no address yet`);
  // Who leaves the rotation is recorded before it does.
  await recorder.commit();
  // Of a partition whose VMs are processes, the gateways are elsewhere.
  const vmsOf = (partition: string) =>
    recorder.vms().filter((other) => other.partition === gatewayHome(spec.partitions, partition));
  const vms = recorder.vms().filter((other) => gatewayHome(spec.partitions, other.partition) === record.partition);
  const rotation = vms
    .flatMap((other) => recorder.processesOn(other.name))
    .filter((process) => process.state === 'ready');
  const passages = passagesOf(spec, record.partition, vmsOf);
  const gateway = gatewayOf(spec, record, vms, rotation, recorder.revisions(), passages);
  const wakeable = recorder.processesOn(vm).filter(({ subscription }) => {
    const found = spec.subscriptions[subscription];
    return found && wakesOnRequest(found);
  });
  // A process knows a tenant before requests of it come.
  const told = recorder.processesOn(vm).flatMap((process) => tellTenants(context, process));
  const steps = [
    ...told.map(({ step }) => step),
    peersStep(gateway.peers),
    configureStep(gateway),
    // After the gateway has forgotten their wake ports.
    disarmStep(wakeable.map(({ name }) => name)),
  ];
  const results = await deps.transport.run(
    vm,
    endpoint,
    { steps, stopOnFailure: true, timeout: millis(60_000) },
    { signal },
  );
  const failed = results.find((result) => result.status !== 0) ?? results[steps.length - 1];
  if (failed?.status !== 0)
    throw new RemoteCommandError(`Cannot configure the gateway of ${vm}: ${failed?.stderr.trim() ?? 'no answer'}`, {
      hint: `stratos vm ssh ${vm} -- journalctl -u stratos-gateway -n 20`,
    });
  for (const [at, { process }] of told.entries()) {
    const failure = tenantsFailure(results[at]?.stdout ?? '');
    if (failure !== undefined)
      throw new RemoteCommandError(`Cannot tell ${process} of its tenants: ${failure}`, {
        hint: `stratos process logs ${process}`,
      });
  }
  return NO_FAILURES;
};

/** What a process gets to know who its tenants are; nothing for one that serves none or is not made yet. */
function tellTenants({ spec, lineage }: ApplyContext, { name, subscription: alias, state }: ProcessRecord) {
  const subscription = spec.subscriptions[alias];
  const tenants = subscription && spec.cartridges[subscription.cartridge]?.tenants;
  if (!tenants || state !== 'ready') return [];
  return [{ process: name, step: tenantsStep(lineage, name, subscription, tenants) }];
}
