/** How the system's ssh is told what the transport knows: same identity, same pinned keys, nothing of the user's own files. */
import type { Endpoint } from '../model/endpoint.ts';
import { quoteAll } from '../shell/quote.ts';
import { HOST_KEY_ALIAS, writeKnownHosts } from './known-hosts.ts';
import { formatEndpoint } from './unreachable.ts';

export interface SshArgumentsRequest {
  readonly name: string;
  readonly endpoint: Endpoint;
  /** Where known_hosts files go. */
  readonly directory: string;
  /** The project's own key. */
  readonly identityFile: string | undefined;
  /** Seconds. */
  readonly connectTimeout: number;
  /** Whether a passphrase is at hand, for SSH_ASKPASS; BatchMode would keep ssh from asking for it. */
  readonly passphrase: boolean;
}

/**
 * The program and its arguments up to the destination; writes the known_hosts files they name.
 * @throws UnreachableError when no usable host key is pinned
 */
export async function sshArguments(request: SshArgumentsRequest): Promise<readonly [string, ...string[]]> {
  const { name, endpoint, directory } = request;
  const knownHosts = await writeKnownHosts(directory, name, endpoint);
  const options = [
    `UserKnownHostsFile="${percent(knownHosts)}"`,
    'GlobalKnownHostsFile=/dev/null',
    `HostKeyAlias=${HOST_KEY_ALIAS}`,
    'StrictHostKeyChecking=yes',
    'UpdateHostKeys=no',
    'PreferredAuthentications=publickey',
    `BatchMode=${request.passphrase ? 'no' : 'yes'}`,
    'NumberOfPasswordPrompts=1',
    `ConnectTimeout=${String(Math.max(1, Math.ceil(request.connectTimeout)))}`,
    'ConnectionAttempts=3',
    'ServerAliveInterval=10',
    'ControlPath=none',
    'LogLevel=ERROR',
    'KexAlgorithms=^curve25519-sha256',
    'Ciphers=^aes128-gcm@openssh.com',
  ];
  if (endpoint.jump) {
    const jump = await sshArguments({ ...request, name: `jump host of ${name}`, endpoint: endpoint.jump });
    const target = formatEndpoint(endpoint).slice(endpoint.user.length + 1);
    options.push(`ProxyCommand=${percent(quoteAll([...jump, '-W', target, destination(endpoint.jump)]))}`);
  }
  const files = [endpoint.identityFile, request.identityFile].filter((file) => file !== undefined);
  return [
    'ssh',
    '-F',
    '/dev/null',
    '-T',
    '-a',
    '-x',
    '-p',
    String(endpoint.port),
    ...[...new Set(files)].flatMap((file) => ['-i', percent(file)]),
    ...options.flatMap((option) => ['-o', option]),
  ];
}

function destination(endpoint: Endpoint): string {
  return `${endpoint.user}@${endpoint.address}`;
}

/** ssh expands % in these values. */
function percent(value: string): string {
  return value.replaceAll('%', '%%');
}
