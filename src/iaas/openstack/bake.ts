/** An image of a machine, for machines to come. */
import { IaasError } from '../../model/errors.ts';
import { millis } from '../../model/quantity.ts';
import type { OpenstackIaasSpec } from '../../model/iaas/openstack.ts';
import { poll } from '../cloud/poll.ts';
import type { Compute } from './compute.ts';
import type { JsonService } from './json-service.ts';

interface ImageState {
  readonly status: string;
}

/** Has Nova make an image of a server, and waits until Glance has it all. @returns its id */
export async function bakeImage(
  { name: iaas, timeout }: OpenstackIaasSpec,
  compute: Compute,
  images: JsonService,
  server: string,
  name: string,
  signal?: AbortSignal,
): Promise<string> {
  const what = `make image ${name} of machine ${server}`;
  const answer = await compute.act(what, server, 'createImage', { name }, signal);
  const { image_id: id } = answer as { image_id: string };
  const look = async (): Promise<string | undefined> => {
    const image = (await images.find({ what, path: `v2/images/${id}`, signal })) as ImageState | undefined;
    if (!image || ['killed', 'deleted', 'pending_delete'].includes(image.status))
      throw new IaasError(iaas, 'unavailable', `Cannot ${what} as ${iaas} gave it up: ${id}`);
    return image.status === 'active' ? id : undefined;
  };
  const done = await poll(look, { timeout, interval: millis(500), signal });
  if (done !== undefined) return done;
  throw new IaasError(iaas, 'unavailable', `Cannot use image ${name} yet as ${iaas} is still storing it: ${id}`, {
    hint: `openstack image show ${id}`,
  });
}
