/** Makes a template of a VM: of a full copy, so that the VM stays what it is. */
import { machineName } from '../cloud/machine-name.ts';
import { pathOf } from './cluster.ts';
import { idsOf } from './make-vm.ts';
import type { Place } from './proxmox-documents.ts';
import type { Site } from './site.ts';

/** @returns the template's id */
export async function bakeTemplate(site: Site, from: Place, image: string, signal?: AbortSignal): Promise<string> {
  const { spec, lineage, api, cluster } = site;
  const what = `make an image of machine ${String(from.vmid)}`;
  const free: number[] = [];
  for (const vmid of idsOf(site, `image ${image}`)) if (!(await cluster.place(vmid))) free.push(vmid);
  const [newid = 0] = free;
  const place = { node: from.node, vmid: newid };
  const json = {
    newid,
    name: machineName(lineage, image, spec.name)
      .replace(/[^A-Za-z0-9-]+/g, '-')
      .replace(/-+$/, ''),
    description: `Image ${JSON.stringify(image)} of Stratos`,
    full: 1,
    ...(spec.pool !== undefined && { pool: spec.pool }),
    ...(spec.storage !== undefined && { storage: spec.storage }),
  };
  await api.work({ what, method: 'POST', path: `${pathOf(from)}/clone`, json, signal });
  // The first-boot data are of the machine that it was copied from, and so is its tag.
  const config = { delete: spec.seedDrive, tags: 'stratos' };
  await api.ask({ what, method: 'PUT', path: `${pathOf(place)}/config`, json: config, signal });
  await api.work({ what, method: 'POST', path: `${pathOf(place)}/template`, json: {}, signal });
  return String(newid);
}
