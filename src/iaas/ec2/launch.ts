/** Asking EC2 for a machine: place after place while there is no room, and never twice for one VM. */
import type { Instance } from '@aws-sdk/client-ec2';
import { IaasError } from '../../model/errors.ts';
import { millis } from '../../model/quantity.ts';
import type { Ec2IaasSpec } from '../../model/iaas/ec2.ts';
import type { FirstFacts } from '../cloud/first-facts.ts';
import { firstWithRoom } from '../cloud/first-with-room.ts';
import { LABEL } from '../cloud/labels.ts';
import { poll } from '../cloud/poll.ts';
import { packUserData } from '../cloud/user-data.ts';
import type { MachineRequest } from '../provider.ts';
import type { Ec2Api } from './api.ts';
import { ec2CodeOf } from './failures.ts';
import type { Ec2Image } from './image.ts';
import type { Instances } from './instances.ts';
import { isEnding } from './machine.ts';
import { placesFor, type Place } from './network.ts';
import { runRequest, tagsOf, tokenOf } from './run-request.ts';

/** Who makes machines. */
export interface Launcher {
  readonly api: Ec2Api;
  readonly spec: Ec2IaasSpec;
  readonly seen: Instances;
  readonly lineage: string;
}

/** What a machine is made of, and where. */
export interface Ground {
  readonly image: Ec2Image;
  readonly places: readonly Place[];
  /** The instance type. */
  readonly type: string;
}

/** How long what was made may not be listed, in ms. */
const UNSEEN = 30_000;
/** How many machines of one VM may end before they are used. */
const ATTEMPTS = 8;

/** Makes the machine of a VM. @returns its id @throws IaasError no-capacity when no place has room */
export async function launch(
  { api, spec, seen, lineage }: Launcher,
  request: MachineRequest,
  first: FirstFacts,
  { image, places, type }: Ground,
): Promise<string> {
  const { vm, size, zone, signal } = request;
  const what = `create VM ${vm}`;
  const facts = { spec, vm, size, type, image, labels: first.labels, userData: packed(first) };

  /** Undefined when the token stands for a machine that is gone. */
  async function runOnce(place: Place, token: string): Promise<Instance | undefined> {
    try {
      const { Instances: made } = await api.ask(
        what,
        async (ec2, options) => ec2.runInstances(runRequest({ ...facts, place, token }), options),
        signal,
      );
      const instance = made?.[0];
      if (!instance) throw new IaasError(spec.name, 'unavailable', `Cannot ${what} as EC2's answer has no machine`);
      if (isEnding(instance)) return undefined;
      seen.made({ ...instance, Tags: tagsOf(first.labels) });
      return instance;
    } catch (error) {
      if (ec2CodeOf(error) !== 'IdempotentParameterMismatch') throw error;
      // An earlier run asked for it, with another host key, and was told nothing: there is a machine that is not listed yet.
      const look = async (): Promise<Instance | undefined> =>
        (await seen.of(vm, signal)).find((instance) => !isEnding(instance) && isMine(instance));
      return poll(look, { timeout: millis(Math.min(UNSEEN, spec.timeout)), interval: millis(500), signal });
    }
  }

  const isMine = ({ Tags = [] }: Instance): boolean =>
    Tags.every(({ Key, Value }) => Key !== LABEL.iaas || Value === spec.name);

  async function runIn(place: Place): Promise<string> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const token = tokenOf({ lineage, iaas: spec.name }, vm, request.generation, place.subnet, attempt);
      const instance = await runOnce(place, token);
      if (instance?.InstanceId !== undefined) return instance.InstanceId;
    }
    throw new IaasError(spec.name, 'unavailable', `Cannot ${what} as its machines end at once: ${String(ATTEMPTS)}`);
  }

  const order = placesFor(vm, zone, places);
  if (order.length === 0)
    throw new IaasError(
      spec.name,
      'invalid',
      `Cannot ${what} as ${spec.name} has no subnet in its zone: ${zone ?? ''}`,
    );
  try {
    return await firstWithRoom(order, async (place = {}) => runIn(place));
  } catch (error) {
    if (!(error instanceof IaasError) || error.failure !== 'no-capacity') throw error;
    const zones = [...new Set(order.flatMap((place) => place.zone ?? []))];
    const where = zones.length === 0 ? '' : ` (tried ${zones.join(', ')})`;
    throw new IaasError(spec.name, 'no-capacity', `${error.message}${where}`, { cause: error.cause });
  }
}

/** User data as it is sent: ours packed; that of a cartridge as it is, since Windows does not unpack. */
function packed({ userData, authorizedKey }: FirstFacts): Buffer {
  return authorizedKey === undefined ? Buffer.from(userData) : packUserData(userData);
}
