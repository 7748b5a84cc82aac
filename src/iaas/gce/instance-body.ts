/** What GCE is told of a machine that it shall make. */
import type { GceIaasSpec } from '../../model/iaas/gce.ts';
import type { VmSize } from '../../model/vm-size.ts';
import type { FirstFacts } from '../cloud/lifecycle.ts';

export interface NewInstance extends FirstFacts {
  readonly name: string;
  readonly zone: string;
  readonly machineType: string;
  readonly size: VmSize;
}

/** The body of `instances.insert`. It holds the private host key. */
export function instanceBody(spec: GceIaasSpec, wanted: NewInstance): object {
  const { name, zone, machineType, size, userData, image } = wanted;
  const labels = { ...spec.labels, ...wanted.labels };
  const disk = size.disk ?? spec.disk.size;
  return {
    name,
    labels,
    machineType: `zones/${zone}/machineTypes/${machineType}`,
    disks: [
      {
        boot: true,
        autoDelete: true,
        initializeParams: {
          sourceImage: imagePath(image === undefined ? spec : { ...spec, image: { kind: 'image', name: image } }),
          diskType: `zones/${zone}/diskTypes/${spec.disk.type}`,
          labels,
          ...(disk !== undefined && { diskSizeGb: String(Math.ceil(disk / 2 ** 30)) }),
        },
      },
    ],
    networkInterfaces: [
      {
        ...networkOf(spec, zone),
        ...(spec.externalAddress && { accessConfigs: [{ type: 'ONE_TO_ONE_NAT', name: 'External NAT' }] }),
      },
    ],
    metadata: {
      items: [
        ...(userData === '' ? [] : [{ key: 'user-data', value: userData }]),
        // Who may log in is said in the user data alone.
        { key: 'block-project-ssh-keys', value: 'TRUE' },
      ],
    },
    scheduling: spec.spot ? SPOT : { provisioningModel: 'STANDARD' },
    ...(spec.networkTags.length > 0 && { tags: { items: spec.networkTags } }),
    ...(spec.serviceAccount !== undefined && {
      serviceAccounts: [{ email: spec.serviceAccount, scopes: spec.scopes }],
    }),
  };
}

/** What is taken back is gone: reconcile makes another. */
const SPOT = {
  provisioningModel: 'SPOT',
  instanceTerminationAction: 'DELETE',
  automaticRestart: false,
  onHostMaintenance: 'TERMINATE',
};

/** The image, or the newest one of its family; below `compute/v1`. */
export function imagePath({ image, project }: Pick<GceIaasSpec, 'image' | 'project'>): string {
  if (image.kind === 'family') return `projects/${image.project}/global/images/family/${image.family}`;
  return image.name.includes('/') ? image.name : `projects/${project}/global/images/${image.name}`;
}

/** `europe-west1-b` is in `europe-west1`. */
export function regionOf(zone: string): string {
  return zone.slice(0, zone.lastIndexOf('-'));
}

function networkOf({ network, subnetwork, project }: GceIaasSpec, zone: string): object {
  if (subnetwork === undefined)
    return { network: network.includes('/') ? network : `projects/${project}/global/networks/${network}` };
  if (subnetwork.includes('/')) return { subnetwork };
  return { subnetwork: `projects/${project}/regions/${regionOf(zone)}/subnetworks/${subnetwork}` };
}
