/** `iaas:`: where machines come from, one interface for each kind. */
import type { AzureIaasSpec } from './iaas/azure.ts';
import type { DigitalOceanIaasSpec } from './iaas/digitalocean.ts';
import type { Ec2IaasSpec } from './iaas/ec2.ts';
import type { ExecIaasSpec } from './iaas/exec.ts';
import type { GceIaasSpec } from './iaas/gce.ts';
import type { HetznerIaasSpec } from './iaas/hetzner.ts';
import type { LibvirtIaasSpec } from './iaas/libvirt.ts';
import type { LocalIaasSpec } from './iaas/local.ts';
import type { OpenstackIaasSpec } from './iaas/openstack.ts';
import type { ProxmoxIaasSpec } from './iaas/proxmox.ts';
import type { StaticIaasSpec } from './iaas/static.ts';

export type IaasSpec =
  | LocalIaasSpec
  | StaticIaasSpec
  | ExecIaasSpec
  | Ec2IaasSpec
  | GceIaasSpec
  | HetznerIaasSpec
  | OpenstackIaasSpec
  | DigitalOceanIaasSpec
  | ProxmoxIaasSpec
  | AzureIaasSpec
  | LibvirtIaasSpec;
