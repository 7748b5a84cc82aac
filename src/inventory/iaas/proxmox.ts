/** Proxmox VE. */
import type { ProxmoxIaasSpec } from '../../model/iaas/proxmox.ts';
import type { RawProxmoxIaas } from '../raw/iaas-proxmox.ts';
import { sizeOf } from '../read-quantity.ts';
import { projectPath, type ResolveContext } from '../resolve-context.ts';
import { secretOf } from '../resolve-secret.ts';
import type { Entry } from '../spec-files.ts';
import { cloudOf } from './cloud.ts';

/** Resolves it; what is there of the cluster is seen when it is used. */
export function proxmox(context: ResolveContext, entry: Entry, raw: RawProxmoxIaas): ProxmoxIaasSpec {
  const { clone = 'linked', storage, fingerprint, bridge, pool, gateway, disk, ca, tags = [] } = raw;
  const image = String(raw.image);
  const { directory } = context;
  const isVolume = image.includes(':');
  if (isVolume && storage === undefined)
    context.report('iaas', entry, ['image'], `${entry.name} needs a storage, as its image is imported: ${image}`);
  if (!isVolume && clone === 'linked' && storage !== undefined)
    context.report(
      'iaas',
      entry,
      ['storage'],
      `storage needs "clone: full", as linked clones stay beside their template`,
    );
  if (ca !== undefined && fingerprint !== undefined)
    context.report('iaas', entry, ['fingerprint'], `fingerprint must not stand beside ca, as it takes its place`);
  for (const [index, tag] of tags.entries())
    if (tag.startsWith('stratos'))
      context.report('iaas', entry, ['tags', index], `tags must not begin with "stratos", as Stratos’s own do: ${tag}`);
  return {
    kind: 'proxmox',
    ...cloudOf(entry.name, raw),
    url: raw.url,
    token: raw.token ? secretOf(directory, raw.token) : { kind: 'env', variable: 'PROXMOX_VE_API_TOKEN' },
    ...(ca !== undefined && { ca: projectPath(directory, ca) }),
    ...(fingerprint !== undefined && { fingerprint }),
    nodes: raw.nodes ?? [],
    image,
    clone,
    ...(storage !== undefined && { storage }),
    seedStorage: raw.seedStorage ?? 'local',
    seedDrive: raw.seedDrive ?? 'ide2',
    ...(bridge !== undefined && { bridge }),
    ...(pool !== undefined && { pool }),
    tags,
    ...(disk !== undefined && { disk: sizeOf(disk, 0) }),
    addresses: raw.addresses ?? {},
    ...(gateway !== undefined && { gateway }),
    nameservers: raw.nameservers ?? [],
    address: raw.address ?? 'ipv4',
  };
}
