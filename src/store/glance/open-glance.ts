/** A registry in Glance from its address. */
import { openService } from '../../openstack/service.ts';
import { openFetch } from '../http/open-fetch.ts';
import type { ImageRegistry } from '../registry.ts';
import { glanceClient } from './glance-client.ts';
import { glanceRegistry } from './glance-registry.ts';
import type { Visibility } from './glance-image.ts';

export interface GlanceAddress {
  /** Name of the store, for messages. */
  readonly name: string;
  /** Address of Glance itself, where nobody asks who it is. */
  readonly url: string;
  /** File with certificates of authorities that are trusted beside the system's. */
  readonly ca?: string;
  readonly visibility?: Visibility;
  readonly protect?: boolean;
}

/** Opens the registry; nothing is asked yet. @throws HostError when the file of authorities cannot be read */
export async function openGlance({ name, url, ca, ...settings }: GlanceAddress): Promise<ImageRegistry> {
  const fetch = await openFetch(ca === undefined ? {} : { ca });
  return glanceRegistry(glanceClient({ name, service: openService('image', new URL(url), fetch) }), settings);
}
