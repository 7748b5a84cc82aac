/** EC2's instances as machines. Pure. */
import type { Instance } from '@aws-sdk/client-ec2';
import type { Machine } from '../../model/observation.ts';
import type { Ec2IaasSpec } from '../../model/iaas/ec2.ts';
import { labelledMachine } from '../cloud/labelled-machine.ts';
import { decodeLabels } from '../cloud/labels.ts';

const STATES: Readonly<Record<string, Machine['state']>> = {
  pending: 'pending',
  running: 'running',
  'shutting-down': 'deleting',
  // A start waits until it has stopped.
  stopping: 'stopped',
  stopped: 'stopped',
};

/** The machine that an instance is; undefined for what is none of this project's, or terminated. */
export function machineOf(spec: Ec2IaasSpec, lineage: string, instance: Instance): Machine | undefined {
  const { InstanceId: id, InstanceType: type, Placement: placement } = instance;
  const labels = decodeLabels(tagsOf(instance));
  const state = STATES[stateOf(instance)];
  if (id === undefined || labels?.lineage !== lineage || state === undefined) return undefined;
  const address = spec.address === 'public' ? instance.PublicIpAddress : instance.PrivateIpAddress;
  return labelledMachine(labels, { id, state, address, user: spec.user, type, zone: placement?.AvailabilityZone });
}

/** `pending`, `running`, `shutting-down`, `terminated`, `stopping` or `stopped`. */
export function stateOf(instance: Instance): string {
  return instance.State?.Name ?? 'pending';
}

/** Whether it is gone, or will be without anybody's doing. */
export function isEnding(instance: Instance): boolean {
  return ['shutting-down', 'terminated'].includes(stateOf(instance));
}

function tagsOf({ Tags = [] }: Instance): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(Tags.map(({ Key = '', Value }) => [Key, Value]));
}
