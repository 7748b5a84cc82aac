/** A droplet as a machine, and our labels as its tags: `stratos-vm:web-1`. Pure. */
import type { Machine } from '../../model/observation.ts';
import type { DigitalOceanIaasSpec } from '../../model/iaas/digitalocean.ts';
import { labelledMachine } from '../cloud/labelled-machine.ts';
import { decodeLabels } from '../cloud/labels.ts';
import type { Droplet } from './digitalocean-documents.ts';

const STATES: Readonly<Record<string, Machine['state']>> = { active: 'running', off: 'stopped', archive: 'failed' };

/** Labels as tags. */
export function tagsOf(labels: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(labels).map(([key, value]) => `${key}:${value}`);
}

/** Reads it; undefined where it does not carry our lineage. */
export function readDroplet(spec: DigitalOceanIaasSpec, lineage: string, droplet: Droplet): Machine | undefined {
  const labels = decodeLabels(
    Object.fromEntries(droplet.tags.map((tag) => [tag.slice(0, tag.indexOf(':')), tag.slice(tag.indexOf(':') + 1)])),
  );
  if (labels?.lineage !== lineage) return undefined;
  return labelledMachine(labels, {
    id: String(droplet.id),
    state: STATES[droplet.status] ?? 'pending',
    address: addressOf(spec, droplet),
    user: spec.user,
    zone: droplet.region.slug,
  });
}

function addressOf({ address }: DigitalOceanIaasSpec, { networks }: Droplet): string | undefined {
  const all = address === 'ipv6' ? networks.v6 : networks.v4;
  const wanted = address === 'private' ? 'private' : 'public';
  return all?.find(({ type }) => type === wanted)?.ip_address;
}
