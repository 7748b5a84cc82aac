/** What Nova is asked when a server is to be made. */
import { createHash } from 'node:crypto';
import type { OpenstackIaasSpec } from '../../model/iaas/openstack.ts';
import { LABEL } from '../cloud/labels.ts';
import type { FirstFacts } from '../cloud/first-facts.ts';
import { packUserData } from '../cloud/user-data.ts';
import type { MachineRequest } from '../provider.ts';

/** Ids of what the spec names. */
export interface Parts {
  readonly flavor: string;
  readonly image: string;
  readonly network: string;
  readonly group?: string | undefined;
}

/** Longest tag that Nova takes. */
const TAG_LENGTH = 60;

/** A label as a tag, by which servers are found. */
export function tagOf(key: keyof typeof LABEL, value: string): string {
  const tag = `${LABEL[key]}-${value}`;
  if (tag.length <= TAG_LENGTH) return tag;
  return `${LABEL[key]}-${createHash('sha256').update(value).digest('hex')}`.slice(0, TAG_LENGTH);
}

/** The body of `POST /servers` at microversion 2.52; holds the private host key. */
export function serverRequest(
  spec: OpenstackIaasSpec,
  lineage: string,
  request: MachineRequest,
  { labels, userData }: FirstFacts,
  { flavor, image, network, group }: Parts,
): object {
  const { vm } = request;
  const { volume, zones = [], addresses } = spec;
  const address = addresses?.[vm];
  const zone = request.zone ?? zones[indexOf(vm, zones.length)];
  return {
    server: {
      name: vm,
      flavorRef: flavor,
      // From a volume, which ends with the server, or from the flavor's own disk.
      ...(volume ? { block_device_mapping_v2: [bootVolume(image, volume)] } : { imageRef: image }),
      networks: [{ uuid: network, ...(address !== undefined && { fixed_ip: address }) }],
      ...(spec.securityGroups && { security_groups: spec.securityGroups.map((name) => ({ name })) }),
      metadata: labels,
      tags: [tagOf('lineage', lineage), tagOf('vm', vm)],
      ...(userData !== '' && { user_data: packUserData(userData).toString('base64') }),
      ...(zone !== undefined && { availability_zone: zone }),
      ...(spec.keyName !== undefined && { key_name: spec.keyName }),
      ...(spec.configDrive && { config_drive: true }),
    },
    ...(group !== undefined && { 'os:scheduler_hints': { group } }),
  };
}

function bootVolume(image: string, size: number): object {
  return {
    ...{ uuid: image, source_type: 'image', destination_type: 'volume', boot_index: 0, delete_on_termination: true },
    // Cinder counts in GiB.
    volume_size: Math.ceil(size / 2 ** 30),
  };
}

/** Of so many, always the same for a name, and different ones for different names. */
function indexOf(name: string, count: number): number {
  return createHash('sha256').update(name).digest().readUInt32BE(0) % Math.max(1, count);
}
