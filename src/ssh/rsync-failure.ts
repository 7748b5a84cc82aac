/** What a failed rsync means. Its texts and ssh's are not ours and have no codes: this is the only place that reads them. */
import type { Endpoint } from '../model/endpoint.ts';
import { HostError, RemoteCommandError, type StratosError, type UnreachableReason } from '../model/errors.ts';
import { escapeControls } from '../shell/describe-batch.ts';
import type { CopyRequest } from './transport.ts';
import { formatEndpoint, unreachable } from './unreachable.ts';

/** How rsync ended, as execa reports it. */
export interface RsyncEnd {
  readonly exitCode?: number | undefined;
  readonly stderr?: string | undefined;
  readonly code?: string | undefined;
  readonly cause?: unknown;
}

const SSH_SAYS: readonly (readonly [RegExp, UnreachableReason])[] = [
  [/host key verification failed|remote host identification has changed|no matching host key/i, 'host-key-changed'],
  [/permission denied \(|too many authentication failures/i, 'authentication'],
  [/could not resolve/i, 'unresolved'],
  [/connection refused/i, 'refused'],
  [/timed out|no route to host|network is unreachable/i, 'timeout'],
];

/** Whether all that went wrong is that a part of an earlier copy was there and is not any more. */
export function isPartGone({ exitCode, stderr = '' }: RsyncEnd): boolean {
  return (
    (exitCode === 23 || exitCode === 24) && /\.stratos-partial\/[^\n]* failed: No such file or directory/.test(stderr)
  );
}

/** Builds the typed error of a failed copy. */
export function explainRsync(name: string, endpoint: Endpoint, request: CopyRequest, end: RsyncEnd): StratosError {
  const said = (end.stderr ?? '').trim();
  const options = { cause: end.cause, verb: 'copy to' };
  if (end.code === 'ENOENT') {
    return new HostError('Cannot copy files as rsync is not installed on this machine', {
      hint: 'apt-get install rsync openssh-client',
    });
  }
  if (/no space left|disk quota exceeded/i.test(said)) {
    const where = `${name} (${formatEndpoint(endpoint)}):${request.to}`;
    return new RemoteCommandError(escapeControls(`Cannot copy to ${where} as there is no space left on the device`), {
      cause: end.cause,
    });
  }
  if (endpoint.user !== 'root' && /^sudo: /m.test(said)) {
    return unreachable(
      name,
      endpoint,
      'sudo-refused',
      `sudo is refused without a password: ${firstLine(said)}`,
      options,
    );
  }
  const known = SSH_SAYS.find(([pattern]) => pattern.test(said));
  if (known && (end.exitCode === 255 || end.exitCode === 12)) {
    return unreachable(name, endpoint, known[1], `ssh refuses: ${firstLine(said)}`, options);
  }
  if (end.exitCode === undefined || [10, 12, 30, 35, 255].includes(end.exitCode)) {
    if (!/not found/i.test(said)) {
      return unreachable(name, endpoint, 'connection-lost', `the connection was lost: ${firstLine(said)}`, options);
    }
  }
  const message = `Cannot copy to ${name} (${formatEndpoint(endpoint)}):${request.to} as rsync ended with status ${String(end.exitCode)}: ${firstLine(said)}`;
  return new RemoteCommandError(escapeControls(message), { cause: end.cause });
}

/** Builds the typed error of a stream whose ssh failed. */
export function explainSsh(name: string, endpoint: Endpoint, title: string, end: RsyncEnd): StratosError {
  const said = (end.stderr ?? '').trim();
  const options = { cause: end.cause, verb: 'finish the work on' };
  const known = SSH_SAYS.find(([pattern]) => pattern.test(said));
  if (known) return unreachable(name, endpoint, known[1], `ssh refuses: ${firstLine(said)}`, options);
  const why = `the connection was lost while "${title}" was running: ${firstLine(said)}`;
  return unreachable(name, endpoint, 'connection-lost', why, options);
}

/** ssh frames its warning about host keys with lines of @. */
function firstLine(text: string): string {
  return text.split('\n').find((line) => line.trim() !== '' && !line.startsWith('@')) ?? 'no message';
}
