/** Certificates for one registry as Docker and Podman keep them: a folder with the name of its host (containers-certs.d(5)). */
import { readdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { ClientCertificate } from '../../host/client-certificate.ts';
import { codeOf } from '../../host/code-of.ts';
import { HostError } from '../../model/errors.ts';
import type { Env } from './auth-files.ts';

export interface RegistryCertificates {
  /** Files of authorities to trust: `*.crt`. */
  readonly authorities: readonly string[];
  /** `*.cert` with the key beside it; the first by name. */
  readonly client?: ClientCertificate;
}

/**
 * What is there for `host[:port]`, of the first of the user's folder, Podman's and Docker's that has one of this name.
 * @throws HostError when a folder cannot be read, or a certificate lacks its key
 */
export async function certificatesFor(host: string, env: Env): Promise<RegistryCertificates> {
  const roots = [join(env.HOME ?? homedir(), '.config/containers'), '/etc/containers', '/etc/docker'];
  for (const root of roots) {
    const folder = join(root, 'certs.d', host);
    const names = await namesIn(folder);
    if (!names) continue;
    const withEnd = (end: string): readonly string[] => names.filter((name) => name.endsWith(end)).sort();
    const authorities = withEnd('.crt').map((name) => join(folder, name));
    const [cert] = withEnd('.cert');
    if (cert === undefined) return { authorities };
    const key = cert.replace(/cert$/, 'key');
    if (!names.includes(key))
      throw new HostError(`Cannot use the client certificate as its key is not beside it: ${join(folder, cert)}`, {
        hint: `ls -l ${folder}`,
      });
    return { authorities, client: { cert: join(folder, cert), key: join(folder, key) } };
  }
  return { authorities: [] };
}

async function namesIn(folder: string): Promise<readonly string[] | undefined> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(codeOf(error))) return undefined;
    throw new HostError(`Cannot read the certificates of a registry (${codeOf(error)}): ${folder}`, { cause: error });
  }
}
