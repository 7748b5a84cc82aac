/** Making an image of a machine. */
import type { Image } from '@aws-sdk/client-ec2';
import { IaasError } from '../../model/errors.ts';
import { millis } from '../../model/quantity.ts';
import type { Ec2IaasSpec } from '../../model/iaas/ec2.ts';
import { LABEL } from '../cloud/labels.ts';
import { poll } from '../cloud/poll.ts';
import type { Ec2Api } from './api.ts';
import { tagsOf } from './run-request.ts';

export interface Baking {
  /** The machine. */
  readonly id: string;
  /** Name of the image; an account has each name once. */
  readonly label: string;
  readonly signal?: AbortSignal | undefined;
}

/** Which machine an image was made of: an answer that was lost is found again by it. */
const SOURCE = 'stratos-source';
/** Longest time for copying a disk. */
const LONGEST = millis(3_600_000);

/** Makes the image, or takes the one of that name and machine that is being made; resolves when it can be used. */
export async function bakeImage(api: Ec2Api, spec: Ec2IaasSpec, lineage: string, baking: Baking): Promise<string> {
  const { id, label, signal } = baking;
  const what = `make image ${label} of machine ${id}`;

  async function look(
    by: { ImageIds: string[] } | { Filters: { Name: string; Values: string[] }[] },
  ): Promise<readonly Image[]> {
    const answer = await api.ask(
      what,
      async (ec2, options) => ec2.describeImages({ ...by, Owners: ['self'] }, options),
      signal,
    );
    return answer.Images ?? [];
  }

  async function make(): Promise<string> {
    const Tags = tagsOf({ ...spec.tags, [LABEL.lineage]: lineage, [LABEL.iaas]: spec.name, [SOURCE]: id, Name: label });
    const { ImageId = '' } = await api.ask(
      what,
      async (ec2, options) =>
        ec2.createImage(
          {
            InstanceId: id,
            Name: label,
            TagSpecifications: [
              { ResourceType: 'image', Tags },
              { ResourceType: 'snapshot', Tags },
            ],
          },
          options,
        ),
      signal,
    );
    return ImageId;
  }

  const known = await look({
    Filters: [
      { Name: 'name', Values: [label] },
      { Name: `tag:${LABEL.lineage}`, Values: [lineage] },
      { Name: `tag:${SOURCE}`, Values: [id] },
    ],
  });
  const made = known[0]?.ImageId ?? (await make());
  const ready = async (): Promise<true | undefined> => {
    const [image] = await look({ Filters: [{ Name: 'image-id', Values: [made] }] });
    if (image?.State === 'failed' || image?.State === 'error')
      throw new IaasError(
        spec.name,
        'unavailable',
        `Cannot ${what} as EC2 failed: ${image.StateReason?.Message ?? made}`,
      );
    return image?.State === 'available' ? true : undefined;
  };
  if (await poll(ready, { timeout: LONGEST, interval: millis(1000), signal })) return made;
  throw new IaasError(spec.name, 'unavailable', `Cannot use image ${made} yet as EC2 is still copying the disk`, {
    hint: `aws ec2 describe-images --image-ids ${made}`,
  });
}
