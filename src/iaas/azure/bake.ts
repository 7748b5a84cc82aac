/** An image of a machine's disk, by a snapshot: the machine runs on, where an image of the machine itself would end it. */
import type { VirtualMachine } from '@azure/arm-compute';
import { IaasError } from '../../model/errors.ts';
import type { AzureIaasSpec } from '../../model/iaas/azure.ts';
import type { AzureAccount } from './account.ts';
import { idOf } from './resource-id.ts';

/** Makes it, and waits until it can be used. @returns its id, as `image` of the spec takes it */
export async function bakeImage(
  spec: AzureIaasSpec,
  account: AzureAccount,
  vm: VirtualMachine,
  image: string,
  signal?: AbortSignal,
): Promise<string> {
  const { name, location, resourceGroup, tags } = spec;
  const asking = { what: `bake image ${image} of ${vm.name ?? ''}`, signal };
  const disk = vm.storageProfile?.osDisk;
  const source = disk?.managedDisk?.id;
  if (disk?.osType === undefined || source === undefined)
    throw new IaasError(name, 'invalid', `Cannot ${asking.what} as the machine has no disk to boot of`);
  const { osType } = disk;
  const snapshot = `${image}-snapshot`;
  try {
    const { hyperVGeneration } = await account.ask(asking, ({ compute }, abortSignal) =>
      compute.snapshots.createOrUpdate(
        resourceGroup,
        snapshot,
        { location, tags, incremental: false, creationData: { createOption: 'Copy', sourceResourceId: source } },
        { abortSignal },
      ),
    );
    await account.ask(asking, ({ compute }, abortSignal) =>
      compute.images.createOrUpdate(
        resourceGroup,
        image,
        {
          location,
          tags,
          ...(hyperVGeneration !== undefined && { hyperVGeneration }),
          storageProfile: {
            osDisk: {
              osType,
              // Its first boot is a new machine's: cloud-init tells by the id that Azure gives.
              osState: 'Generalized',
              snapshot: { id: idOf(spec, 'Microsoft.Compute/snapshots', snapshot) },
            },
          },
        },
        { abortSignal },
      ),
    );
  } finally {
    await account.find({ what: asking.what }, ({ compute }, abortSignal) =>
      compute.snapshots.delete(resourceGroup, snapshot, { abortSignal }),
    );
  }
  return idOf(spec, 'Microsoft.Compute/images', image);
}
