/** `iaas:` as the schema leaves it. */
import type { RawAzureIaas } from './iaas-azure.ts';
import type { RawDigitalOceanIaas } from './iaas-digitalocean.ts';
import type { RawEc2Iaas } from './iaas-ec2.ts';
import type { RawExecIaas } from './iaas-exec.ts';
import type { RawGceIaas } from './iaas-gce.ts';
import type { RawHetznerIaas } from './iaas-hetzner.ts';
import type { RawLibvirtIaas } from './iaas-libvirt.ts';
import type { RawLocalIaas } from './iaas-local.ts';
import type { RawOpenstackIaas } from './iaas-openstack.ts';
import type { RawProxmoxIaas } from './iaas-proxmox.ts';
import type { RawStaticIaas } from './iaas-static.ts';

export type RawIaas =
  | RawLocalIaas
  | RawStaticIaas
  | RawExecIaas
  | RawEc2Iaas
  | RawGceIaas
  | RawHetznerIaas
  | RawOpenstackIaas
  | RawDigitalOceanIaas
  | RawProxmoxIaas
  | RawAzureIaas
  | RawLibvirtIaas;
