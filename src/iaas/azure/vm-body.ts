/** What Azure is told of a machine that it shall make; address, interface and disk are made with it, and end with it. */
import { createHash, randomBytes } from 'node:crypto';
import type { ImageReference, OSProfile, VirtualMachine } from '@azure/arm-compute';
import type { AzureIaasSpec } from '../../model/iaas/azure.ts';
import type { VmSize } from '../../model/vm-size.ts';
import type { FirstFacts } from '../cloud/lifecycle.ts';
import { idOf, subnetId } from './resource-id.ts';

export interface NewMachine extends FirstFacts {
  readonly name: string;
  readonly vm: string;
  readonly vmSize: string;
  readonly size: VmSize;
  readonly zone: string | undefined;
}

/** The newest version that inline interfaces may be made by. */
const NETWORK_API = '2022-11-01';

/** The body of a machine's PUT. It holds the private host key. */
export function vmBody(spec: AzureIaasSpec, wanted: NewMachine): VirtualMachine {
  const { name, vmSize, size, zone, labels, image } = wanted;
  const tags = { ...spec.tags, ...labels };
  const disk = size.disk ?? spec.disk.size;
  return {
    location: spec.location,
    tags,
    ...(zone !== undefined && { zones: [zone] }),
    hardwareProfile: { vmSize },
    storageProfile: {
      imageReference: imageReference(image ?? spec.image),
      osDisk: {
        name: `${name}-disk`,
        createOption: 'FromImage',
        deleteOption: 'Delete',
        managedDisk: { storageAccountType: spec.disk.type },
        ...(disk !== undefined && { diskSizeGB: Math.ceil(disk / 2 ** 30) }),
      },
    },
    osProfile: osProfile(spec, wanted),
    networkProfile: { networkApiVersion: NETWORK_API, networkInterfaceConfigurations: [networkOf(spec, name, tags)] },
    ...(spec.spot && { priority: 'Spot', evictionPolicy: 'Delete', billingProfile: { maxPrice: -1 } }),
  };
}

/** `publisher:offer:sku:version`, or the id of an image or of one in a gallery. */
export function imageReference(image: string): ImageReference {
  if (image.startsWith('/')) return { id: image };
  const [publisher = '', offer = '', sku = '', version = ''] = image.split(':');
  return { publisher, offer, sku, version };
}

function networkOf(
  spec: AzureIaasSpec,
  name: string,
  tags: Record<string, string>,
): NonNullable<NonNullable<VirtualMachine['networkProfile']>['networkInterfaceConfigurations']>[number] {
  return {
    name: `${name}-nic`,
    primary: true,
    deleteOption: 'Delete',
    tags,
    ...(spec.securityGroup !== undefined && {
      networkSecurityGroup: { id: idOf(spec, 'Microsoft.Network/networkSecurityGroups', spec.securityGroup) },
    }),
    ipConfigurations: [
      {
        name: 'main',
        primary: true,
        subnet: { id: subnetId(spec) },
        ...(spec.publicAddress && {
          publicIPAddressConfiguration: {
            name: `${name}-ip`,
            deleteOption: 'Delete',
            tags,
            // The basic kind is no longer made. A static address stays while the machine is stopped.
            sku: { name: 'Standard', tier: 'Regional' },
            publicIPAllocationMethod: 'Static',
          },
        }),
      },
    ],
  };
}

function osProfile({ user }: AzureIaasSpec, { name, vm, userData, authorizedKey }: NewMachine): OSProfile {
  const customData = userData === '' ? {} : { customData: Buffer.from(userData).toString('base64') };
  // Azure makes no root and no nobody: user data does, and who it names here cannot log in.
  const adminUsername = user === 'root' || authorizedKey === undefined ? 'stratos' : user;
  if (authorizedKey === undefined)
    return {
      ...customData,
      adminUsername,
      // Windows takes 15 characters. The password is asked for, and known to nobody.
      computerName: `vm-${createHash('sha256').update(name).digest('hex').slice(0, 12)}`,
      adminPassword: `${randomBytes(30).toString('base64url')}aA1!`,
    };
  return {
    ...customData,
    adminUsername,
    computerName: vm,
    linuxConfiguration: {
      disablePasswordAuthentication: true,
      ssh: { publicKeys: [{ path: `/home/${adminUsername}/.ssh/authorized_keys`, keyData: authorizedKey }] },
    },
  };
}
