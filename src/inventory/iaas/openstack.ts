/** A cloud by OpenStack. */
import type { OpenstackIaasSpec } from '../../model/iaas/openstack.ts';
import type { RawOpenstackIaas } from '../raw/iaas-openstack.ts';
import { sizeOf } from '../read-quantity.ts';
import { projectPath } from '../resolve-context.ts';
import type { ResolveContext } from '../resolve-context.ts';
import { secretOf } from '../resolve-secret.ts';
import type { Entry } from '../spec-files.ts';
import { cloudOf } from './cloud.ts';

/** Resolves it; who may enter, and what is there, is seen when it is used. */
export function openstack({ directory }: ResolveContext, { name }: Entry, raw: RawOpenstackIaas): OpenstackIaasSpec {
  const { ca, secret, volume, configDrive = false, timeout: _, jump: __, ...given } = raw;
  return {
    ...given,
    ...cloudOf(name, raw),
    ...{ kind: 'openstack', directory, configDrive },
    ...(ca !== undefined && { ca: projectPath(directory, ca) }),
    ...(secret && { secret: secretOf(directory, secret) }),
    ...(volume !== undefined && { volume: sizeOf(volume, 0) }),
  };
}
