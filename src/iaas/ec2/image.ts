/** Which image machines are made of, and what must be known of it. */
import type { Image } from '@aws-sdk/client-ec2';
import { IaasError } from '../../model/errors.ts';
import type { Ec2IaasSpec } from '../../model/iaas/ec2.ts';
import type { Ec2Api } from './api.ts';

export interface Ec2Image {
  readonly id: string;
  readonly name: string;
  /** `x86_64` or `arm64`: which instance types can run it. */
  readonly architecture: string;
  /** Device of the root volume: `/dev/xvda`. */
  readonly rootDevice: string;
  /** Smallest size of the root volume, in GiB. */
  readonly gib: number;
  /** The launch template names it, the request need not. */
  readonly ofTemplate?: boolean;
}

type Wanted = NonNullable<Ec2IaasSpec['image']>;

/** Finds the image of the spec, or else of its launch template. @throws IaasError invalid when there is none */
export async function findImage(api: Ec2Api, spec: Ec2IaasSpec): Promise<Ec2Image> {
  if (spec.image) return find(api, spec.name, spec.image);
  return { ...(await find(api, spec.name, { id: await templateImage(api, spec) })), ofTemplate: true };
}

/** Finds an image that a cartridge names: by its id, by `OWNER/NAME`, or by the name of one of the account's own. @throws IaasError */
export async function guestImage(api: Ec2Api, { name }: Ec2IaasSpec, image: string): Promise<Ec2Image> {
  const [, owner = 'self', label = image] = /^([0-9]{12}|amazon|self)\/(.+)$/.exec(image) ?? [];
  return find(api, name, /^ami-[0-9a-f]+$/.test(image) ? { id: image } : { owner, name: label });
}

async function find(api: Ec2Api, iaas: string, wanted: Wanted): Promise<Ec2Image> {
  const what = `find the image of ${iaas}`;
  const { Images: found = [] } = await api.ask(what, async (ec2) =>
    ec2.describeImages(
      'id' in wanted
        ? { ImageIds: [wanted.id] }
        : {
            Owners: [wanted.owner],
            Filters: [
              { Name: 'name', Values: [wanted.name] },
              { Name: 'state', Values: ['available'] },
            ],
          },
    ),
  );
  const newest = newestOf(found);
  if (newest) return newest;
  const words = 'id' in wanted ? wanted.id : `${wanted.name} of ${wanted.owner}`;
  const by = 'id' in wanted ? `--image-ids ${wanted.id}` : `--owners ${wanted.owner}`;
  throw new IaasError(iaas, 'invalid', `Cannot ${what} as there is none: ${words}`, {
    hint: `aws ec2 describe-images ${by}`,
  });
}

/** The newest by its date of creation. */
export function newestOf(images: readonly Image[]): Ec2Image | undefined {
  const [image] = images.toSorted((a, b) => Date.parse(b.CreationDate ?? '0') - Date.parse(a.CreationDate ?? '0'));
  if (image?.ImageId === undefined) return undefined;
  const rootDevice = image.RootDeviceName ?? '/dev/xvda';
  const root = image.BlockDeviceMappings?.find(({ DeviceName }) => DeviceName === rootDevice);
  return {
    id: image.ImageId,
    name: image.Name ?? image.ImageId,
    architecture: image.Architecture ?? 'x86_64',
    rootDevice,
    gib: root?.Ebs?.VolumeSize ?? 0,
  };
}

async function templateImage(api: Ec2Api, { name, launchTemplate }: Ec2IaasSpec): Promise<string> {
  const { template = '', version = '' } = launchTemplate ?? {};
  const what = `find launch template ${template} of ${name}`;
  const { LaunchTemplateVersions: found = [] } = await api.ask(what, async (ec2) =>
    ec2.describeLaunchTemplateVersions({ ...templateName(template), Versions: [version], ResolveAlias: true }),
  );
  const id = found[0]?.LaunchTemplateData?.ImageId;
  if (id !== undefined) return id;
  const why = found.length === 0 ? `it has no version ${version}` : 'it names no image';
  throw new IaasError(name, 'invalid', `Cannot use launch template ${template} of ${name} as ${why}`, {
    hint: 'aws ec2 describe-launch-template-versions',
  });
}

/** How requests name a launch template. */
export function templateName(template: string): { LaunchTemplateId: string } | { LaunchTemplateName: string } {
  return /^lt-[0-9a-f]+$/.test(template) ? { LaunchTemplateId: template } : { LaunchTemplateName: template };
}
