/** VMs of one host, by libvirt. */
import type { LibvirtIaasSpec } from '../../model/iaas/libvirt.ts';
import type { RawLibvirtIaas } from '../raw/iaas-libvirt.ts';
import type { ResolveContext } from '../resolve-context.ts';
import { showValue } from '../show-value.ts';
import type { Entry } from '../spec-files.ts';
import { access } from './access.ts';
import { cloudOf } from './cloud.ts';

const LOCAL = /^[a-z][a-z0-9]*(\+libssh2?)?:\/\/\//;

/** Resolves it; what is there of pools, volumes and networks is seen when it is used. */
export async function libvirt(context: ResolveContext, entry: Entry, raw: RawLibvirtIaas): Promise<LibvirtIaasSpec> {
  const { uri = 'qemu:///system', pool = 'default', image, network = 'default', address = 'lease' } = raw;
  const { hypervisor = 'kvm', firmware = 'bios' } = raw;
  const bySsh = /^[^:]*\+libssh2?:/.test(uri);
  if (raw.host ? !LOCAL.test(uri) : bySsh)
    context.report(
      'iaas',
      entry,
      ['uri'],
      raw.host
        ? `uri must name no host beside the key host: ${showValue(uri)}`
        : `uri goes by SSH to a host of the key host alone, which has its host key: ${showValue(uri)}`,
    );
  return {
    kind: 'libvirt',
    ...cloudOf(entry.name, raw),
    uri,
    ...(raw.host && { host: await access(context, entry, ['host'], raw.host, {}) }),
    pool,
    image,
    network,
    address,
    hypervisor,
    firmware,
  };
}
