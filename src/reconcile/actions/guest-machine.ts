/** The machine of a VM that is a process: made of its cartridge's image, and told what that says. */
import { madeBy } from '../../iaas/made-by.ts';
import type { Guest, IaasProvider, MachineRequest } from '../../iaas/provider.ts';
import { IaasError, UsageError } from '../../model/errors.ts';
import type { Machine } from '../../model/observation.ts';
import { USER_DATA } from '../../model/runtime.ts';
import { Secret } from '../../model/secret.ts';
import type { ApplyContext } from '../context.ts';
import { fillUserData, HOST_KEY_PLACE, withoutComment } from './guest-user-data.ts';
import type { ActionOf } from './handler.ts';

/** Makes it; without `guest` in the action it is the one that was made before, by a run that ended. @throws IaasError */
export async function guestMachine(
  context: Pick<ApplyContext, 'environments' | 'spec'>,
  provider: IaasProvider,
  { vm, iaas, guest }: ActionOf<'vm.create'>,
  request: MachineRequest,
): Promise<Machine> {
  if (!guest) {
    const isHere = madeBy(iaas);
    const machine = (await provider.list()).find((candidate) => candidate.vm === vm && isHere(candidate));
    if (machine) return provider.start(machine.id);
    throw new IaasError(iaas, 'not-found', `Cannot take up VM ${vm} as its machine is gone`);
  }
  if (provider.capabilities.guests !== true)
    throw new IaasError(iaas, 'invalid', `Cannot make VM ${vm} as ${iaas} takes no image of a cartridge`, {
      hint: 'stratos validate',
    });
  const { name, subscription, image, fingerprint, revision } = guest;
  const made = revision === undefined ? subscription : `${subscription}@${String(revision)}`;
  const userData = context.environments[made]?.[USER_DATA];
  const told = userData instanceof Secret ? userDataFor(context, subscription, userData, request) : {};
  const machine = await provider.create({ ...request, guest: { image, process: { name, fingerprint }, ...told } });
  if (machine.process?.name === name && machine.process.fingerprint === fingerprint) return machine;
  // Of a run that lost its answer: the next one sees it, and takes it up or ends it.
  throw new IaasError(iaas, 'invalid', `Cannot make VM ${vm} as another process has its machine: ${machine.id}`, {
    hint: 'stratos reconcile',
  });
}

/** The cartridge's user data as they are, or with a host key made for this machine where its `ssh:` names none. @throws UsageError */
function userDataFor(
  { spec }: Pick<ApplyContext, 'spec'>,
  subscription: string,
  userData: Secret,
  request: MachineRequest,
): Pick<Guest, 'userData' | 'hostKey'> {
  const { cartridge = '' } = spec.subscriptions[subscription] ?? {};
  const login = spec.cartridges[cartridge]?.ssh;
  if (!login || login.hostKeys) return { userData };
  const filled = fillUserData(userData, request);
  if (filled) return { userData: filled, hostKey: withoutComment(request.hostKey.publicKey) };
  throw new UsageError(`Cannot make VM ${request.vm} as its user data take no host key: ${HOST_KEY_PLACE}`, {
    hint: `cartridges.${cartridge}.userData, or cartridges.${cartridge}.ssh.hostKey`,
  });
}
