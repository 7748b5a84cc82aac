/** `{fromEnv: …}` and its like: where a secret is kept. */
import type { SecretRef } from '../model/secret-ref.ts';
import type { RawSecret } from './raw/terms.ts';
import { projectPath } from './resolve-context.ts';

/** The place that a reference means; paths are relative to the project. The schema has seen that there is exactly one. */
export function secretOf(directory: string, raw: RawSecret): SecretRef {
  const { fromEnv, fromFile = '', fromCommand, fromKeyring } = raw;
  if (fromEnv !== undefined) return { kind: 'env', variable: fromEnv };
  if (fromCommand) return { kind: 'command', command: fromCommand, cwd: directory };
  if (fromKeyring) return { kind: 'keyring', attributes: fromKeyring };
  return { kind: 'file', path: projectPath(directory, fromFile) };
}
