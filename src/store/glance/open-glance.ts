/** A registry in Glance: at its own address, or of a cloud that is entered by Keystone. */
import type { GlanceStoreSpec } from '../../model/spec.ts';
import { cloudOfEnvironment, cloudSettings } from '../../openstack/cloud-settings.ts';
import { openCloud } from '../../openstack/keystone.ts';
import { openService } from '../../openstack/service.ts';
import type { OpenstackService } from '../../openstack/service.ts';
import { openFetch } from '../../host/open-fetch.ts';
import type { ImageRegistry } from '../registry.ts';
import { glanceClient } from './glance-client.ts';
import { glanceRegistry } from './glance-registry.ts';

/**
 * Opens the registry; nothing is asked yet.
 * @throws NotFoundError, UsageError when the cloud is not described or not wholly; HostError when the file of authorities cannot be read
 */
export async function openGlance(
  spec: Omit<GlanceStoreSpec, 'kind'>,
  env: Readonly<Record<string, string | undefined>>,
): Promise<ImageRegistry> {
  const { name, project, visibility, protect } = spec;
  const client = glanceClient({ name, service: await serviceOf(spec, env), ...(project !== undefined && { project }) });
  return glanceRegistry(client, { ...(visibility && { visibility }), ...(protect !== undefined && { protect }) });
}

async function serviceOf(
  { url, cloud, directory, ca }: Omit<GlanceStoreSpec, 'kind'>,
  env: Readonly<Record<string, string | undefined>>,
): Promise<OpenstackService> {
  if (url !== undefined) return openService('image', new URL(url), await openFetch(ca === undefined ? {} : { ca }));
  const settings =
    cloud === undefined
      ? cloudSettings('the environment (OS_*)', cloudOfEnvironment(env))
      : cloudSettings(
          `cloud ${cloud}`,
          await (await import('../../inventory/clouds-file.ts')).readCloud(cloud, directory, env),
        );
  const trusted = ca ?? settings.ca;
  return openCloud(settings, await openFetch(trusted === undefined ? {} : { ca: trusted })).service('image');
}
