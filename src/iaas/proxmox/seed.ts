/** First-boot data on a VM's own disk: an ISO image that is uploaded, the one way to hand over user data by the API alone. */
import { seedImage } from '../cloud/seed-image.ts';
import type { FirstFacts } from '../cloud/first-facts.ts';
import type { ProxmoxIaasSpec } from '../../model/iaas/proxmox.ts';
import type { ProxmoxApi } from './proxmox-api.ts';
import type { Place } from './proxmox-documents.ts';

export interface Seeds {
  /** Uploads what a VM is told; one that is there is written over. @returns the volume; undefined: it is told nothing */
  put(place: Place, vm: string, name: string, first: FirstFacts, signal?: AbortSignal): Promise<string | undefined>;
  /** Removes it; no effect where there is none. */
  remove(place: Place): Promise<void>;
}

export function seedsOf(spec: ProxmoxIaasSpec, api: ProxmoxApi): Seeds {
  const { seedStorage: storage } = spec;
  const file = ({ vmid }: Place): string => `stratos-seed-${String(vmid)}.iso`;
  return {
    async put(place, vm, name, { userData }, signal) {
      const address = spec.addresses[vm];
      if (userData === '' && address === undefined) return undefined;
      const { gateway, nameservers } = spec;
      const network =
        address === undefined ? undefined : { address, nameservers, ...(gateway !== undefined && { gateway }) };
      const instanceId = `${name}-${String(place.vmid)}`;
      const data = seedImage({ instanceId, hostname: vm, userData, ...(network && { network }) });
      await api.work({
        what: `upload what VM ${vm} is told at its first boot`,
        method: 'POST',
        path: `nodes/${place.node}/storage/${storage}/upload`,
        upload: { fields: { content: 'iso' }, file: { as: 'filename', name: file(place), data } },
        signal,
      });
      return `${storage}:iso/${file(place)}`;
    },
    async remove(place) {
      const path = `nodes/${place.node}/storage/${storage}/content`;
      const volume = `${storage}:iso/${file(place)}`;
      const what = `delete what machine ${String(place.vmid)} was told at its first boot`;
      const all = (await api.ask({ what, path, query: { content: 'iso' } })) as readonly { readonly volid: string }[];
      if (!all.some(({ volid }) => volid === volume)) return;
      await api.work({ what, method: 'DELETE', path: `${path}/${encodeURIComponent(volume)}` });
    },
  };
}
