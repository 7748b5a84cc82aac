/** The gateways of a partition: each VM's HAProxy knows every ready process of the partition. */
import { configureStep } from '../../gateway/configure.ts';
import { passagesOf } from '../../gateway/passages.ts';
import { peersStep } from '../../lxc/peers.ts';
import { disarmStep, wakesOnRequest } from '../../lxc/sleep.ts';
import { NotFoundError, RemoteCommandError } from '../../model/errors.ts';
import { millis } from '../../model/quantity.ts';
import { gatewayHome } from '../../model/spec.ts';
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
  const steps = [
    peersStep(gateway.peers),
    configureStep(gateway),
    // After the gateway has forgotten their wake ports.
    disarmStep(wakeable.map(({ name }) => name)),
  ];
  const [peers, configured, disarmed] = await deps.transport.run(
    vm,
    endpoint,
    { steps, stopOnFailure: true, timeout: millis(60_000) },
    { signal },
  );
  const failed = [peers, configured, disarmed].find((result) => result?.status !== 0) ?? disarmed;
  if (failed?.status !== 0)
    throw new RemoteCommandError(`Cannot configure the gateway of ${vm}: ${failed?.stderr.trim() ?? 'no answer'}`, {
      hint: `stratos vm ssh ${vm} -- journalctl -u stratos-gateway -n 20`,
    });
  return NO_FAILURES;
};
