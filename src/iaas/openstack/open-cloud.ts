/** The services of the cloud that an IaaS of the spec means; entered once, when one of them is first asked. */
import { openFetch } from '../../host/open-fetch.ts';
import { readSecret } from '../../host/read-secret.ts';
import type { OpenstackIaasSpec } from '../../model/iaas/openstack.ts';
import { cloudOfEnvironment, cloudSettings } from '../../openstack/cloud-settings.ts';
import { openCloud, type Cloud } from '../../openstack/keystone.ts';
import { jsonService, type JsonService } from './json-service.ts';

/** Nova's: tags with the machine (2.52) and the size with the listing (2.47); OpenStack Queens, of 2018, has it. */
const MICROVERSION = '2.52';

export interface CloudServices {
  readonly compute: JsonService;
  readonly network: JsonService;
  readonly image: JsonService;
}

type Variables = Readonly<Record<string, string | undefined>>;

/** Opens them; nothing is read or contacted yet. */
export function openServices(spec: OpenstackIaasSpec, env: Variables): CloudServices {
  let cloud: Promise<Cloud> | undefined;
  const service = (type: string, headers: Readonly<Record<string, string>> = {}): JsonService =>
    jsonService({
      iaas: spec.name,
      headers,
      loginHint: `openstack${spec.cloud === undefined ? '' : ` --os-cloud ${spec.cloud}`} token issue`,
      open: async () => {
        cloud ??= enter(spec, env);
        return (await cloud).service(type);
      },
    });
  return {
    compute: service('compute', { 'openstack-api-version': `compute ${MICROVERSION}` }),
    network: service('network'),
    image: service('image'),
  };
}

async function enter(
  { name, cloud, directory, region, ca, secret }: OpenstackIaasSpec,
  env: Variables,
): Promise<Cloud> {
  const described =
    cloud === undefined
      ? cloudOfEnvironment(env)
      : await (await import('../../inventory/clouds-file.ts')).readCloud(cloud, directory, env);
  const entry = {
    ...described,
    ...(region !== undefined && { region_name: region }),
    ...(secret && withSecret(described, (await readSecret(secret, `enter the cloud of ${name}`, env)).reveal())),
  };
  const where = cloud === undefined ? 'the environment (OS_*)' : `cloud ${cloud}`;
  const settings = cloudSettings(where, entry);
  const trusted = ca ?? settings.ca;
  return openCloud(settings, await openFetch(trusted === undefined ? {} : { ca: trusted }));
}

/** The secret in its place: of an application credential where one is named, else the user's password. */
function withSecret(entry: Readonly<Record<string, unknown>>, secret: string): object {
  const auth = typeof entry.auth === 'object' ? entry.auth : {};
  const all: Readonly<Record<string, unknown>> = { ...entry, ...auth };
  const isCredential = Object.keys(all).some((key) => key.startsWith('application_credential_'));
  return { auth: { ...auth, [isCredential ? 'application_credential_secret' : 'password']: secret } };
}
