/** Amazon EC2. */
import type { Ec2Disk, Ec2IaasSpec } from '../../model/iaas/ec2.ts';
import type { RawEc2Iaas } from '../raw/iaas-ec2.ts';
import { sizeOf } from '../read-quantity.ts';
import type { ResolveContext } from '../resolve-context.ts';
import { secretOf } from '../resolve-secret.ts';
import type { Entry } from '../spec-files.ts';
import { cloudOf } from './cloud.ts';

/** Resolves it; whether what it names is there is seen when it is used. */
export function ec2(context: ResolveContext, entry: Entry, raw: RawEc2Iaas): Ec2IaasSpec {
  check(context, entry, raw);
  const { region, profile, endpoint, quotasEndpoint, maxPrice, publicAddress, instanceProfile } = raw;
  const { market = 'on-demand', subnets = [], securityGroups = [], address = 'public', tags = {} } = raw;
  return {
    kind: 'ec2',
    ...cloudOf(entry.name, raw),
    ...(region !== undefined && { region }),
    ...(profile !== undefined && { profile }),
    ...accessKeyOf(context, raw),
    ...(endpoint !== undefined && { endpoint }),
    ...(quotasEndpoint !== undefined && { quotasEndpoint }),
    market,
    ...(maxPrice !== undefined && { maxPrice }),
    ...(raw.image !== undefined && { image: typeof raw.image === 'string' ? { id: raw.image } : raw.image }),
    ...templateOf(raw),
    subnets,
    securityGroups,
    address,
    ...(publicAddress !== undefined && { publicAddress }),
    disk: diskOf(raw),
    ...(instanceProfile !== undefined && { instanceProfile }),
    tags,
  };
}

/** What the schema cannot see. */
function check(context: ResolveContext, entry: Entry, raw: RawEc2Iaas): void {
  const name = `iaas.${entry.name}`;
  if (raw.image === undefined && raw.launchTemplate === undefined)
    context.report('iaas', entry, [], `Missing key "image" (or "launchTemplate") in ${name}`, { anchor: 'key' });
  if (raw.maxPrice !== undefined && raw.market !== 'spot')
    context.report('iaas', entry, ['maxPrice'], `${name}.maxPrice is for machines of market spot`, { anchor: 'key' });
  if (raw.profile !== undefined && raw.accessKey !== undefined)
    context.report('iaas', entry, ['profile'], `${name} has a profile or an accessKey, not both`, { anchor: 'key' });
  if (raw.address !== 'private' && raw.publicAddress === false)
    context.report(
      'iaas',
      entry,
      ['publicAddress'],
      `${name} connects to public addresses and has none: address must be private`,
      {
        anchor: 'key',
      },
    );
  if (raw.disk?.kmsKey !== undefined && raw.disk.encrypted === false)
    context.report('iaas', entry, ['disk', 'kmsKey'], `${name}.disk has a kmsKey and is not encrypted`, {
      anchor: 'key',
    });
}

function accessKeyOf({ directory }: ResolveContext, { accessKey }: RawEc2Iaas): Pick<Ec2IaasSpec, 'accessKey'> {
  if (!accessKey) return {};
  const { id, secret, session } = accessKey;
  return {
    accessKey: {
      id: secretOf(directory, id),
      secret: secretOf(directory, secret),
      ...(session && { session: secretOf(directory, session) }),
    },
  };
}

function templateOf({ launchTemplate }: RawEc2Iaas): Pick<Ec2IaasSpec, 'launchTemplate'> {
  if (launchTemplate === undefined) return {};
  const { template, version = '$Default' } =
    typeof launchTemplate === 'string' ? { template: launchTemplate } : launchTemplate;
  return { launchTemplate: { template, version: String(version) } };
}

/** New disks are encrypted, and of the type that costs least for what it does; a launch template has its own. */
function diskOf({ disk = {}, launchTemplate }: RawEc2Iaas): Ec2Disk {
  const { size, ...rest } = disk;
  return {
    ...(launchTemplate === undefined && { type: 'gp3', encrypted: true }),
    ...rest,
    ...(size !== undefined && { size: sizeOf(size, 0) }),
  };
}
