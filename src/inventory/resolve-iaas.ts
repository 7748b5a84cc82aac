/** `iaas:`: where machines come from, and how they are reached. */
import type { IaasSpec } from '../model/iaas-spec.ts';
import type { LocalIaasSpec } from '../model/iaas/local.ts';
import { checkCidr, overlap } from './check-cidr.ts';
import { access } from './iaas/access.ts';
import { ec2 } from './iaas/ec2.ts';
import { digitalocean } from './iaas/digitalocean.ts';
import { azure } from './iaas/azure.ts';
import { exec } from './iaas/exec.ts';
import { hetzner } from './iaas/hetzner.ts';
import { gce } from './iaas/gce.ts';
import { libvirt } from './iaas/libvirt.ts';
import { openstack } from './iaas/openstack.ts';
import { proxmox } from './iaas/proxmox.ts';
import { staticPool } from './iaas/static.ts';
import type { RawLocalIaas } from './raw/iaas-local.ts';
import type { RawIaas } from './raw/iaas.ts';
import { projectPath, sound } from './resolve-context.ts';
import type { ResolveContext } from './resolve-context.ts';
import { showValue } from './show-value.ts';
import type { Entry } from './spec-files.ts';

const DEFAULT_SUBNET = '10.209.0.0/16';

/** All usable IaaS by name. */
export async function resolveIaas(context: ResolveContext): Promise<Readonly<Record<string, IaasSpec>>> {
  const result: [string, IaasSpec][] = [];
  for (const entry of sound(context, 'iaas')) {
    const raw = entry.value as RawIaas;
    const spec = await resolveKind(context, entry, raw);
    result.push([entry.name, await withJump(context, entry, raw, spec)]);
  }
  apart(context, result);
  return Object.fromEntries(result);
}

/** One entry; a new adapter adds its kind here. */
async function resolveKind(context: ResolveContext, entry: Entry, raw: RawIaas): Promise<IaasSpec> {
  switch (raw.kind) {
    case 'local':
      return local(context, entry, raw);
    case 'static':
      return staticPool(context, entry, raw);
    case 'exec':
      return exec(context, entry, raw);
    case 'ec2':
      return ec2(context, entry, raw);
    case 'digitalocean':
      return digitalocean(context, entry, raw);
    case 'hetzner':
      return hetzner(context, entry, raw);
    case 'gce':
      return gce(context, entry, raw);
    case 'openstack':
      return openstack(context, entry, raw);
    case 'proxmox':
      return proxmox(context, entry, raw);
    case 'azure':
      return azure(context, entry, raw);
    case 'libvirt':
      return libvirt(context, entry, raw);
  }
}

/** Every cloud may have a jump host; a static pool has read its own. */
async function withJump(context: ResolveContext, entry: Entry, raw: RawIaas, spec: IaasSpec): Promise<IaasSpec> {
  if (spec.kind === 'local' || spec.kind === 'static' || raw.kind === 'local' || !raw.jump) return spec;
  return { ...spec, jump: await access(context, entry, ['jump'], raw.jump, {}) };
}

function local(context: ResolveContext, entry: Entry, raw: RawLocalIaas): LocalIaasSpec {
  const subnet = raw.subnet ?? DEFAULT_SUBNET;
  checkCidr(context, 'iaas', entry, 'subnet', subnet);
  return {
    kind: 'local',
    name: entry.name,
    bridge: raw.bridge ?? 'stratos0',
    subnet,
    root: projectPath(context.directory, raw.root ?? '/var/lib/stratos/local'),
    ...(raw.suite === undefined ? {} : { suite: raw.suite }),
    ...(raw.image === undefined ? {} : { image: projectPath(context.directory, raw.image) }),
  };
}

/** Two local IaaS must not share a bridge or addresses. */
function apart(context: ResolveContext, all: readonly (readonly [string, IaasSpec])[]): void {
  const locals = all.flatMap(([, spec]) => (spec.kind === 'local' ? [spec] : []));
  locals.forEach((spec, index) => {
    const entry = context.files.entries.iaas.get(spec.name);
    if (!entry) return;
    for (const other of locals.slice(0, index)) {
      if (other.bridge === spec.bridge)
        context.report(
          'iaas',
          entry,
          ['bridge'],
          `${spec.name} and ${other.name} must have bridges of their own: ${showValue(spec.bridge)}`,
          { anchor: 'key' },
        );
      if (overlap(other.subnet, spec.subnet))
        context.report(
          'iaas',
          entry,
          ['subnet'],
          `${spec.name} and ${other.name} must have subnets of their own: ${spec.subnet} and ${other.subnet}`,
          { anchor: 'key' },
        );
      if (other.root === spec.root)
        context.report(
          'iaas',
          entry,
          ['root'],
          `${spec.name} and ${other.name} must have directories of their own: ${spec.root}`,
          { anchor: 'key' },
        );
    }
  });
}
