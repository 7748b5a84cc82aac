/** `env:`: variables in clear, and where to read the secret ones. */
import type { EnvValue } from '../model/secret-ref.ts';
import type { RawEnv } from './raw/terms.ts';
import type { ResolveContext } from './resolve-context.ts';
import { secretOf } from './resolve-secret.ts';
import { entryPath } from './spec-files.ts';
import type { Entry, Section } from './spec-files.ts';

/** Numbers and truth values are taken as they are written, so that `8.10` stays `8.10`. */
export function envOf(
  context: ResolveContext,
  section: Section,
  entry: Entry,
  raw: RawEnv | undefined,
): Readonly<Record<string, EnvValue>> {
  return Object.fromEntries(
    Object.entries(raw ?? {}).map(([key, value]): [string, EnvValue] => {
      if (typeof value !== 'object') {
        const written =
          typeof value === 'string' ? value : entry.source.written([...entryPath(section, entry.name), 'env', key]);
        return [key, { kind: 'value', value: written ?? String(value) }];
      }
      return [key, secretOf(context.directory, value)];
    }),
  );
}
