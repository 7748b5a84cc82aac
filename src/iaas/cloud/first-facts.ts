/** What a cloud is told when it makes a machine: the same for all of them, whether the machine holds processes or is one. */
import type { CloudSpec } from '../../model/iaas/cloud.ts';
import type { MachineRequest } from '../provider.ts';
import { encodeLabels } from './labels.ts';
import { renderUserData } from './user-data.ts';

export interface FirstFacts {
  /** To be kept as they are. */
  readonly labels: Readonly<Record<string, string>>;
  /** User data of the first boot; a secret. Empty: the machine is told nothing. */
  readonly userData: string;
  /** Image that takes the place of the spec's. Undefined: the spec's. */
  readonly image?: string;
  /** Key that shall be able to log in. Undefined: none, nobody logs in. */
  readonly authorizedKey?: string;
}

/** @param entry the spec's name of this cloud, and who logs in to its machines */
export function firstFacts(
  request: MachineRequest,
  lineage: string,
  { name: iaas, user }: Pick<CloudSpec, 'name' | 'user'>,
): FirstFacts {
  const { vm, partition, size, hostKey, authorizedKey, guest } = request;
  const own = { lineage, vm, partition, iaas, size };
  if (guest)
    return {
      labels: encodeLabels({ ...own, hostKey: guest.hostKey ?? '', process: guest.process }),
      userData: guest.userData?.reveal() ?? '',
      image: guest.image,
    };
  return {
    labels: encodeLabels({ ...own, hostKey: hostKey.publicKey }),
    userData: renderUserData({ hostKey, authorizedKey, user, hostname: vm }),
    authorizedKey,
  };
}
