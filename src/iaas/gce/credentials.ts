/** Who asks: Google's standard places ("application default credentials"), or a key that the spec refers to. */
import type { AuthClient } from 'google-auth-library';
import { remembered } from '../../concurrency/remembered.ts';
import { networkTrouble } from '../../host/network-trouble.ts';
import { readSecret } from '../../host/read-secret.ts';
import { HostError, IaasError } from '../../model/errors.ts';
import type { GceIaasSpec } from '../../model/iaas/gce.ts';

type Variables = Readonly<Record<string, string | undefined>>;

export const LOGIN_HINT = 'gcloud auth application-default login';
const SCOPE = 'https://www.googleapis.com/auth/cloud-platform';

/**
 * Headers for each request; the library renews tokens by itself.
 * @throws IaasError unauthorized, unavailable; HostError when the secret cannot be read
 */
export function gceHeaders(spec: GceIaasSpec, env: Variables): () => Promise<Readonly<Record<string, string>>> {
  const client = remembered(() => openClient(spec, env));
  return async () => {
    try {
      return Object.fromEntries((await (await client()).getRequestHeaders()).entries());
    } catch (error) {
      throw troubleOf(spec.name, error);
    }
  };
}

async function openClient({ name, credentials }: GceIaasSpec, env: Variables): Promise<AuthClient> {
  const { GoogleAuth, JWT } = await import('google-auth-library');
  if (!credentials) return new GoogleAuth({ scopes: SCOPE }).getClient();
  const {
    client_email: email,
    private_key: key,
    private_key_id: keyId,
  } = readKey(name, (await readSecret(credentials, `read the credentials of iaas ${name}`, env)).reveal());
  const client = new JWT({ email, key, keyId, scopes: [SCOPE] });
  // It signs what it sends by itself, without a server for tokens between.
  client.useJWTAccessWithScope = true;
  return client;
}

interface ServiceAccountKey {
  readonly client_email: string;
  readonly private_key: string;
  readonly private_key_id: string;
}

/** Only keys: other kinds of credentials name addresses and programs that would be asked. */
function readKey(iaas: string, text: string): ServiceAccountKey {
  let key: Partial<ServiceAccountKey> & { readonly type?: string };
  try {
    key = JSON.parse(text) as typeof key;
  } catch {
    key = {};
  }
  const { type, client_email = '', private_key = '', private_key_id = '' } = key;
  if (type === 'service_account' && client_email !== '' && private_key !== '')
    return { client_email, private_key, private_key_id };
  throw new IaasError(
    iaas,
    'unauthorized',
    `Cannot log in to ${iaas} as its credentials are no key of a service account, as JSON`,
    { hint: 'gcloud iam service-accounts keys create --help' },
  );
}

/** What the library throws; the key itself is in none of its messages. */
function troubleOf(iaas: string, error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof IaasError || error instanceof HostError) return error;
  const status = 'status' in error ? Number(error.status) : Number.NaN;
  // Without an answer of a server for tokens, either none could be reached, or there was nothing to ask it with.
  if ('config' in error && (Number.isNaN(status) || status >= 500)) {
    const { words } = networkTrouble(error);
    return new IaasError(iaas, 'unavailable', `Cannot log in to ${iaas} as ${words}`, { cause: error });
  }
  return new IaasError(
    iaas,
    'unauthorized',
    `Cannot log in to ${iaas} as there are no usable credentials of Google: ${error.message.slice(0, 200)}`,
    { hint: LOGIN_HINT, cause: error },
  );
}
