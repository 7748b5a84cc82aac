/** Certificates with which we say to a server who we are. */
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { HostError } from '../model/errors.ts';
import { codeOf } from './code-of.ts';

/** Paths of PEM files: a certificate, with those between it and its authority where there are any, and its key. */
export interface ClientCertificate {
  readonly cert: string;
  readonly key: string;
}

/** What is in the files. @throws HostError when one cannot be read, or when they do not belong together */
export async function readClientCertificate({ cert, key }: ClientCertificate): Promise<ClientCertificate> {
  const [certText, keyText] = await Promise.all([cert, key].map(read));
  const texts = { cert: certText ?? '', key: keyText ?? '' };
  try {
    createSecureContext(texts);
  } catch (error) {
    // OpenSSL's message names no part of the key.
    throw new HostError(`Cannot use the client certificate (${codeOf(error)}): ${cert} with ${key}`, {
      hint: `openssl x509 -noout -subject -enddate -in ${cert}`,
      cause: error,
    });
  }
  return texts;
}

async function read(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new HostError(`Cannot read the client certificate (${codeOf(error)}): ${path}`, {
      hint: `ls -l ${path}`,
      cause: error,
    });
  }
}
