/** How a client of AWS's is made: in which region, with whose right, and how long it waits. */
import { readSecret } from '../../host/read-secret.ts';
import type { Ec2IaasSpec } from '../../model/iaas/ec2.ts';
import type { IaasContext } from '../provider.ts';

/** Longest time in ms to connect, and longest silence. */
const CONNECT_TIMEOUT = 10_000;
const SILENCE = 60_000;

interface ClientSettings {
  readonly region?: string;
  readonly profile?: string;
  readonly endpoint?: string;
  readonly credentials?: AccessKey;
  readonly maxAttempts: number;
  readonly requestHandler: { readonly connectionTimeout: number; readonly socketTimeout: number };
}

interface AccessKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** What the spec says, for a service at `endpoint`; undefined: where Amazon has it. @throws HostError where a secret cannot be read */
export async function clientSettings(
  spec: Ec2IaasSpec,
  env: IaasContext['env'],
  endpoint: string | undefined,
): Promise<ClientSettings> {
  const { region, profile } = spec;
  const credentials = await accessKey(spec, env);
  return {
    ...(region !== undefined && { region }),
    ...(profile !== undefined && { profile }),
    ...(endpoint !== undefined && { endpoint }),
    ...(credentials && { credentials }),
    // Repeating is done around the adapter, the same for all.
    maxAttempts: 1,
    requestHandler: { connectionTimeout: CONNECT_TIMEOUT, socketTimeout: SILENCE },
  };
}

/** The access key that the spec names; undefined where AWS's usual places have it. @throws HostError */
async function accessKey(
  { name, accessKey: named }: Ec2IaasSpec,
  env: IaasContext['env'],
): Promise<AccessKey | undefined> {
  if (!named) return undefined;
  const what = `use the access key of ${name}`;
  const session = named.session && (await readSecret(named.session, what, env));
  return {
    accessKeyId: (await readSecret(named.id, what, env)).reveal(),
    secretAccessKey: (await readSecret(named.secret, what, env)).reveal(),
    ...(session && { sessionToken: session.reveal() }),
  };
}
