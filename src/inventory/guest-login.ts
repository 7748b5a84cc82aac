/** `ssh:` of a cartridge whose processes are VMs. */
import type { GuestLogin } from '../model/spec.ts';
import { parsePublicKey } from './host-keys.ts';
import type { RawCartridge } from './raw/workloads.ts';
import { projectPath, type ResolveContext } from './resolve-context.ts';
import { showValue } from './show-value.ts';
import type { Entry } from './spec-files.ts';

/** Resolves it; a host key that is none is reported. */
export function guestLogin(context: ResolveContext, entry: Entry, raw: NonNullable<RawCartridge['ssh']>): GuestLogin {
  const { user, port = 22, hostKey, key, shell = 'sh', logs = [] } = raw;
  const hostKeys = [hostKey ?? []].flat().flatMap((text) => {
    const parsed = parsePublicKey(text);
    if (parsed !== undefined) return [parsed];
    const message = `hostKey must be a whole OpenSSH public key such as "ssh-ed25519 AAAA…": ${showValue(text)}`;
    context.report('cartridges', entry, ['ssh', 'hostKey'], message);
    return [];
  });
  const pinned = hostKey === undefined ? {} : { hostKeys };
  return { user, port, ...pinned, shell, logs, ...(key !== undefined && { key: projectPath(context.directory, key) }) };
}
