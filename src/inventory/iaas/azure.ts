/** Microsoft Azure. */
import type { AzureIaasSpec } from '../../model/iaas/azure.ts';
import type { RawAzureIaas } from '../raw/iaas-azure.ts';
import { sizeOf } from '../read-quantity.ts';
import { projectPath } from '../resolve-context.ts';
import type { ResolveContext } from '../resolve-context.ts';
import { secretOf } from '../resolve-secret.ts';
import type { Entry } from '../spec-files.ts';
import { cloudOf } from './cloud.ts';

/** Resolves it; whether subscription, group, image and network are there is seen when it is used. */
export function azure({ directory }: ResolveContext, entry: Entry, raw: RawAzureIaas): AzureIaasSpec {
  const { disk, securityGroup, credentials, authority, ca } = raw;
  return {
    kind: 'azure',
    ...cloudOf(entry.name, raw),
    subscription: raw.subscription,
    resourceGroup: raw.resourceGroup,
    location: raw.location,
    zones: raw.zones ?? [],
    image: raw.image ?? 'Canonical:ubuntu-24_04-lts:server:latest',
    family: raw.family ?? 'D',
    spot: raw.spot ?? false,
    network: raw.network,
    subnet: raw.subnet ?? 'default',
    ...(securityGroup === undefined ? {} : { securityGroup }),
    publicAddress: raw.publicAddress ?? true,
    disk: {
      type: disk?.type ?? 'StandardSSD_LRS',
      ...(disk?.size === undefined ? {} : { size: sizeOf(disk.size, 0) }),
    },
    tags: raw.tags ?? {},
    ...(credentials ? { credentials: { ...credentials, secret: secretOf(directory, credentials.secret) } } : {}),
    endpoint: raw.endpoint ?? 'https://management.azure.com',
    ...(authority === undefined ? {} : { authority }),
    ...(ca === undefined ? {} : { ca: projectPath(directory, ca) }),
  };
}
