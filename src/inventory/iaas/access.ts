/** How a machine is reached that the spec names: its address, who logs in, and what proves that it is the right one. */
import { readFile } from 'node:fs/promises';
import { codeOf } from '../../host/code-of.ts';
import type { JumpSpec } from '../../model/iaas/static.ts';
import { knownHostKeys, parsePublicKey } from '../host-keys.ts';
import type { RawAccess, RawJump } from '../raw/access.ts';
import { projectPath } from '../resolve-context.ts';
import type { ResolveContext } from '../resolve-context.ts';
import { showValue } from '../show-value.ts';
import type { Entry } from '../spec-files.ts';
import type { YamlPath } from '../yaml-source.ts';

/** How one machine is reached; `shared` is what holds for all machines of its IaaS. */
export async function access(
  context: ResolveContext,
  entry: Entry,
  path: YamlPath,
  raw: RawJump,
  shared: RawAccess,
): Promise<JumpSpec> {
  const key = raw.key ?? shared.key;
  const port = raw.port ?? shared.port ?? 22;
  return {
    address: raw.address,
    port,
    user: raw.user ?? shared.user ?? 'root',
    ...(key === undefined ? {} : { key: projectPath(context.directory, key) }),
    hostKeys: await hostKeys(context, entry, path, raw, raw.knownHosts ?? shared.knownHosts, port),
  };
}

async function hostKeys(
  context: ResolveContext,
  entry: Entry,
  path: YamlPath,
  raw: RawJump,
  knownHosts: string | undefined,
  port: number,
): Promise<readonly string[]> {
  if (raw.hostKey !== undefined) {
    const given = typeof raw.hostKey === 'string' ? [raw.hostKey] : raw.hostKey;
    return given.flatMap((text, index) => {
      const key = parsePublicKey(text);
      if (key !== undefined) return [key];
      const at = typeof raw.hostKey === 'string' ? [] : [index];
      context.report(
        'iaas',
        entry,
        [...path, 'hostKey', ...at],
        `hostKey must be a whole OpenSSH public key such as "ssh-ed25519 AAAA…": ${showValue(text)}`,
      );
      return [];
    });
  }
  const name = ['iaas', entry.name, ...path].join('.');
  const scan = `ssh-keyscan -t ed25519${port === 22 ? '' : ` -p ${String(port)}`} ${raw.address}`;
  if (knownHosts === undefined) {
    context.report(
      'iaas',
      entry,
      path,
      `Missing key "hostKey" (or "knownHosts") in ${name}: there is no trust on first use; get it with ${scan}`,
      { anchor: 'key' },
    );
    return [];
  }
  const file = projectPath(context.directory, knownHosts);
  const where = raw.knownHosts === undefined ? ['knownHosts'] : [...path, 'knownHosts'];
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    context.report(
      'iaas',
      entry,
      where,
      `Cannot read the known hosts as ${codeOf(cause) === 'ENOENT' ? 'there is no such file' : `the system refuses it (${codeOf(cause)})`}: ${file}`,
    );
    return [];
  }
  const keys = knownHostKeys(text, raw.address, port);
  if (keys.length === 0)
    context.report(
      'iaas',
      entry,
      path,
      `${file} must have a host key for ${name}: ${raw.address}${port === 22 ? '' : ` port ${String(port)}`}; get it with ${scan}`,
      { anchor: 'key' },
    );
  return keys;
}
