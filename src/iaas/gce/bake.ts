/** An image of a machine's disk. */
import { IaasError } from '../../model/errors.ts';
import type { GceIaasSpec } from '../../model/iaas/gce.ts';
import type { GceClient, Operation } from './client.ts';
import type { Instance } from './instance.ts';
import { requestId } from './request-id.ts';

/** Makes it, and waits until it can be used. @returns its path, as `image` of the spec takes it */
export async function bakeImage(
  { name, project, labels }: GceIaasSpec,
  client: GceClient,
  instance: Instance,
  image: string,
  signal?: AbortSignal,
): Promise<string> {
  const what = `bake image ${image} of ${instance.name}`;
  const source = instance.disks?.find(({ boot }) => boot === true)?.source;
  if (source === undefined)
    throw new IaasError(name, 'invalid', `Cannot ${what} as the machine has no disk to boot of`);
  // Absolute addresses carry the host name that GCE was asked by.
  const sourceDisk = source.slice(source.indexOf('projects/'));
  const operation = await client.ask<Operation>({
    what,
    method: 'POST',
    path: 'global/images',
    // Without `forceCreate` GCE refuses the disk of a running machine.
    query: { forceCreate: 'true', requestId: requestId(image, sourceDisk) },
    json: { name: image, sourceDisk, labels },
    signal,
  });
  await client.finish(what, operation, signal);
  return `projects/${project}/global/images/${image}`;
}
