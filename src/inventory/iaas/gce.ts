/** Google Compute Engine. */
import type { GceIaasSpec } from '../../model/iaas/gce.ts';
import type { RawGceIaas } from '../raw/iaas-gce.ts';
import { sizeOf } from '../read-quantity.ts';
import type { ResolveContext } from '../resolve-context.ts';
import { secretOf } from '../resolve-secret.ts';
import type { Entry } from '../spec-files.ts';
import { cloudOf } from './cloud.ts';

const SCOPES = ['https://www.googleapis.com/auth/cloud-platform'];

/** Resolves it; whether project, image and network are there is seen when it is used. */
export function gce(context: ResolveContext, entry: Entry, raw: RawGceIaas): GceIaasSpec {
  if (raw.image !== undefined && (raw.imageFamily ?? raw.imageProject) !== undefined)
    context.report('iaas', entry, ['image'], `iaas.${entry.name} must have image or imageFamily, not both`, {
      anchor: 'key',
    });
  const { disk, subnetwork, serviceAccount, credentials, endpoint } = raw;
  return {
    kind: 'gce',
    ...cloudOf(entry.name, raw),
    project: raw.project,
    zones: raw.zones,
    image: imageOf(raw),
    family: raw.family ?? 'e2',
    custom: raw.custom ?? false,
    spot: raw.spot ?? false,
    network: raw.network ?? 'default',
    ...(subnetwork === undefined ? {} : { subnetwork }),
    externalAddress: raw.externalAddress ?? true,
    networkTags: raw.networkTags ?? [],
    ...(serviceAccount === undefined ? {} : { serviceAccount }),
    scopes: raw.scopes ?? SCOPES,
    disk: {
      type: disk?.type ?? 'pd-balanced',
      ...(disk?.size === undefined ? {} : { size: sizeOf(disk.size, 0) }),
    },
    labels: raw.labels ?? {},
    ...(credentials ? { credentials: secretOf(context.directory, credentials) } : {}),
    endpoint: endpoint ?? 'https://compute.googleapis.com/compute/v1',
  };
}

function imageOf({ image, imageFamily, imageProject, project }: RawGceIaas): GceIaasSpec['image'] {
  if (image !== undefined) return { kind: 'image', name: image };
  if (imageFamily === undefined)
    return { kind: 'family', project: imageProject ?? 'ubuntu-os-cloud', family: 'ubuntu-2404-lts-amd64' };
  return { kind: 'family', project: imageProject ?? project, family: imageFamily };
}
