/** Certificates of authorities that are trusted beside the system's. */
import { readFile } from 'node:fs/promises';
import { getCACertificates } from 'node:tls';
import { HostError } from '../model/errors.ts';

/** The system's and those of files. @throws HostError when one cannot be read */
export async function trustedAuthorities(...paths: readonly string[]): Promise<string[]> {
  return [...getCACertificates('default'), ...(await Promise.all(paths.map(read)))];
}

async function read(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new HostError(`Cannot read the certificates to trust: ${path}`, { hint: `ls -l ${path}`, cause: error });
  }
}
