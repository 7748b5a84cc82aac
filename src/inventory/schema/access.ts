/** How a machine is logged in to. */
import type { JsonSchema } from './json-schema.ts';
import { term } from './terms.ts';

/** What proves that a machine is the right one. */
export const hostKey: JsonSchema = {
  title: 'an OpenSSH public key such as "ssh-ed25519 AAAA…", or a list of them',
  description:
    'Public host key the machine must present; there is no trust on first use. Read it with `ssh-keyscan -t ed25519 ADDRESS` and compare its fingerprint with the one on the machine’s console.',
  type: ['string', 'array'],
  items: { title: 'an OpenSSH public key such as "ssh-ed25519 AAAA…"', type: 'string' },
  minItems: 1,
};

/** Who logs in, and by what. */
export const access = {
  user: {
    title: 'the name of a user',
    description: 'Who to log in as; any other than root needs sudo without a password.',
    type: 'string',
    pattern: '^[A-Za-z_][A-Za-z0-9_.-]*\\$?$',
    default: 'root',
  },
  port: term('port', { description: 'Port of the SSH server.', default: 22 }),
  key: term('path', {
    description: 'Private key file. Without it the SSH agent and the project’s own key are tried.',
    examples: ['~/.ssh/id_ed25519'],
  }),
  knownHosts: term('path', {
    description: 'known_hosts file that has the host keys (also hashed).',
    examples: ['known_hosts', '~/.ssh/known_hosts'],
  }),
} satisfies Record<string, JsonSchema>;
