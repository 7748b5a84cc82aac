/** Certificates of authorities that are trusted beside the system's. */
import { readFile } from 'node:fs/promises';
import { getCACertificates } from 'node:tls';
import { HostError } from '../model/errors.ts';

/** The system's and those of a file. @throws HostError when the file cannot be read */
export async function trustedAuthorities(path: string): Promise<string[]> {
  try {
    return [...getCACertificates('default'), await readFile(path, 'utf8')];
  } catch (error) {
    throw new HostError(`Cannot read the certificates to trust: ${path}`, { hint: `ls -l ${path}`, cause: error });
  }
}
