/** A registry from its address: with the passwords that Docker and Podman keep, and over plain http only where that is meant. */
import type { ClientCertificate } from '../../host/client-certificate.ts';
import { openFetch } from '../../host/open-fetch.ts';
import type { ImageRegistry } from '../registry.ts';
import { authorizer } from './authorizer.ts';
import { certificatesFor } from './certs-folder.ts';
import { ociClient } from './client.ts';
import type { ChooseCredentials, Credentials } from './credentials.ts';
import { keptCredentials } from './kept-credentials.ts';
import { ociRegistry } from './oci-registry.ts';

export interface OciAddress {
  /** Name of the store, or the host: for messages. */
  readonly name: string;
  /** `https://registry.example:5000`, or with http where it is spoken to in clear. */
  readonly url: string;
  /** File with certificates of authorities that are trusted beside the system's. */
  readonly ca?: string;
  /** Who we are by TLS; else what `certs.d` has for the host. */
  readonly client?: ClientCertificate;
}

/** Opens the registry; nothing is asked yet. @throws HostError when a file of certificates cannot be read or used */
export async function openOci(
  { name, url, ca, client }: OciAddress,
  env: Readonly<Record<string, string | undefined>>,
  credentials?: Credentials,
): Promise<ImageRegistry> {
  const target = new URL(url);
  const kept = await certificatesFor(target.host, env);
  const ours = client ?? kept.client;
  const authorities = [...(ca === undefined ? [] : [ca]), ...kept.authorities];
  const fetch = await openFetch({ ca: authorities, ...(ours && { client: ours }) });
  let known: Promise<ChooseCredentials> | undefined;
  const rights = authorizer({
    name,
    url: target,
    fetch,
    // Asked once: a helper may take its time, or ask the person.
    credentials: () => (known ??= credentials ? Promise.resolve(() => credentials) : keptCredentials(target.host, env)),
    plain: target.protocol === 'http:',
  });
  return ociRegistry(ociClient({ name, url: target, fetch, authorizer: rights }));
}
