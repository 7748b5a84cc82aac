/** Whether a cluster has what the spec asks for. It has no quotas and tells no prices: free memory is what limits. */
import { IaasError } from '../../model/errors.ts';
import { formatBytes } from '../../model/quantity.ts';
import type { VmSize } from '../../model/vm-size.ts';
import { lookAt } from '../cloud/look-at.ts';
import { lookAtSizes } from '../cloud/look-at-sizes.ts';
import type { Finding } from '../provider.ts';
import { refuseNamed } from './make-vm.ts';
import type { Site } from './site.ts';

/** Looks at all of it; one that cannot enter looks no further. */
export async function surveyCluster(site: Site, sizes: readonly VmSize[]): Promise<readonly Finding[]> {
  const { spec, api, cluster } = site;
  const { name, image, seedStorage } = spec;
  const entered = await lookAt('credentials', async () => {
    const { version } = (await api.ask({ what: `use ${name}`, path: 'version' })) as { readonly version: string };
    return `the token of ${name} is known to Proxmox VE ${version}`;
  });
  if (entered.status !== 'ok') return [entered];
  let node = '';
  const quota = await lookAt('quota', async () => {
    const all = await cluster.nodes();
    node = (all.find((each) => spec.nodes.includes(each.name)) ?? all[0])?.name ?? '';
    const strange = spec.nodes.find((each) => !all.some((seen) => seen.name === each));
    if (strange !== undefined) throw new IaasError(name, 'invalid', `Cannot use node ${strange} as it does not answer`);
    const used = all.filter((each) => spec.nodes.length === 0 || spec.nodes.includes(each.name));
    if (used.length === 0) throw new IaasError(name, 'invalid', `Cannot make machines as no node of ${name} answers`);
    return used.map((each) => `${formatBytes(Math.max(0, each.free))} of memory are free on ${each.name}`).join(', ');
  });
  const found = await lookAt('image', async () => {
    if (!image.includes(':')) {
      const template = await cluster.template(image, spec.nodes[0]);
      return `${image} is template ${String(template.vmid)} on ${template.node}`;
    }
    await contentOf(site, node, image.slice(0, image.indexOf(':')), 'import', image);
    return `${image} is there`;
  });
  const network = await lookAt('network', async () => {
    await contentOf(site, node, seedStorage, 'iso');
    return `${seedStorage} takes first-boot data`;
  });
  const sized = await lookAtSizes(name, sizes, async (wanted) => {
    refuseNamed(name, wanted);
    return Promise.resolve({
      ...wanted,
      name: `${String(wanted.cpu)} CPUs and ${formatBytes(wanted.memory)}`,
      usual: true,
    });
  });
  return [entered, quota, found, network, ...sized];
}

/** @throws IaasError invalid when a storage does not take this kind of content, or lacks the volume */
async function contentOf(
  { spec, api }: Site,
  node: string,
  storage: string,
  content: string,
  volume?: string,
): Promise<void> {
  const what = `use storage ${storage}`;
  const path = `nodes/${node}/storage/${storage}`;
  const status = (await api.ask({ what, path: `${path}/status` })) as { readonly content: string };
  if (!status.content.split(',').includes(content))
    throw new IaasError(
      spec.name,
      'invalid',
      `Cannot use storage ${storage} as it does not take content of type ${content}`,
    );
  if (volume === undefined) return;
  const all = (await api.ask({ what, path: `${path}/content`, query: { content } })) as readonly {
    readonly volid: string;
  }[];
  if (!all.some(({ volid }) => volid === volume))
    throw new IaasError(spec.name, 'invalid', `Cannot use the image as ${spec.name} has no such volume: ${volume}`);
}
