/** Where an IaaS of the spec becomes an adapter. */
import type { IaasSpec } from '../model/iaas-spec.ts';
import type { CloudSpec } from '../model/iaas/cloud.ts';
import { decorate } from './decorate/around.ts';
import { behindJump } from './decorate/behind-jump.ts';
import { limiting } from './decorate/limiting.ts';
import { retrying } from './decorate/retrying.ts';
import type { IaasContext, IaasProvider } from './provider.ts';

/**
 * Makes the adapter of an IaaS; its module, and what that imports, is loaded when it is used and not before.
 * Nothing is contacted yet: `check()` says whether it can work.
 */
export async function loadProvider(spec: IaasSpec, context: IaasContext): Promise<IaasProvider> {
  switch (spec.kind) {
    case 'local':
      return (await import('./local/local-provider.ts')).localProvider(spec, context);
    case 'static':
      return (await import('./static/static-provider.ts')).staticProvider(spec, context);
    case 'exec':
      return managed((await import('./exec/exec-provider.ts')).execProvider(spec, context), spec);
    case 'ec2':
      return managed((await import('./ec2/ec2-provider.ts')).ec2Provider(spec, context), spec);
    case 'digitalocean':
      return managed(
        (await import('./digitalocean/digitalocean-provider.ts')).digitaloceanProvider(spec, context),
        spec,
      );
    case 'hetzner':
      return managed((await import('./hetzner/hetzner-provider.ts')).hetznerProvider(spec, context), spec);
    case 'gce':
      return managed((await import('./gce/gce-provider.ts')).gceProvider(spec, context), spec);
    case 'openstack':
      return managed((await import('./openstack/openstack-provider.ts')).openstackProvider(spec, context), spec);
    case 'proxmox':
      return managed((await import('./proxmox/proxmox-provider.ts')).proxmoxProvider(spec, context), spec);
    case 'azure':
      return managed((await import('./azure/azure-provider.ts')).azureProvider(spec, context), spec);
    case 'libvirt':
      return managed((await import('./libvirt/libvirt-provider.ts')).libvirtProvider(spec, context), spec);
  }
}

/** A cloud as it is used: calls kept to what its API bears, and repeated where that helps; machines behind its jump host. */
function managed(provider: IaasProvider, spec: CloudSpec): IaasProvider {
  return behindJump(decorate(decorate(provider, limiting(spec)), retrying()), spec.jump);
}
