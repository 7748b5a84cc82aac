/** Why a VM cannot be talked to, in words: target, address, user, reason, and what to do about it. */
import type { Endpoint } from '../model/endpoint.ts';
import { UnreachableError, type UnreachableReason } from '../model/errors.ts';
import { escapeControls } from '../shell/describe-batch.ts';
import { quote } from '../shell/quote.ts';

/** `root@10.0.0.1:22`, `root@[fe80::1]:22`. */
export function formatEndpoint(endpoint: Endpoint): string {
  const host = endpoint.address.includes(':') ? `[${endpoint.address}]` : endpoint.address;
  return `${endpoint.user}@${host}:${String(endpoint.port)}`;
}

/** Builds the error; `why` completes the sentence "Cannot reach … as". Remote text in it may be anything. */
export function unreachable(
  name: string,
  endpoint: Endpoint,
  reason: UnreachableReason,
  why: string,
  options: { readonly hint?: string | undefined; readonly cause?: unknown; readonly verb?: string } = {},
): UnreachableError {
  const text = escapeControls(why.trim().replaceAll(/\s+/g, ' '));
  const message = `Cannot ${options.verb ?? 'reach'} ${name} (${formatEndpoint(endpoint)}) as ${text}`;
  const hint = options.hint ?? defaultHint(endpoint, reason);
  return new UnreachableError(name, reason, message, { hint, cause: options.cause });
}

/** Reasons that may be gone a moment later: another attempt to connect is worth it. */
export function isTransient(reason: UnreachableReason): boolean {
  return reason === 'refused' || reason === 'timeout' || reason === 'unresolved';
}

function defaultHint(endpoint: Endpoint, reason: UnreachableReason): string {
  const { address, port, user } = endpoint;
  switch (reason) {
    case 'unresolved':
      return `getent hosts ${quote(address)}`;
    case 'host-key-changed':
      return `ssh-keyscan -p ${String(port)} ${quote(address)} | ssh-keygen -lf -`;
    case 'authentication':
      return `ssh-copy-id -p ${String(port)} ${quote(`${user}@${address}`)}`;
    case 'sudo-refused':
      return `ssh -t -p ${String(port)} ${quote(`${user}@${address}`)} ${quote(sudoersCommand(user))}`;
    case 'refused':
    case 'timeout':
    case 'connection-lost':
    case 'jump-failed':
      return 'stratos doctor';
  }
}

/** Writes the one line that sudo needs, checked by visudo's rules through `install`'s mode. */
function sudoersCommand(user: string): string {
  return `echo '${user} ALL=(ALL) NOPASSWD: ALL' | sudo tee /etc/sudoers.d/stratos`;
}
