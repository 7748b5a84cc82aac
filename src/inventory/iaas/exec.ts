/** A cloud by an executable of the user's. */
import type { ExecIaasSpec } from '../../model/iaas/exec.ts';
import type { RawExecIaas } from '../raw/iaas-exec.ts';
import type { ResolveContext } from '../resolve-context.ts';
import { envOf } from '../resolve-env.ts';
import type { Entry } from '../spec-files.ts';
import { cloudOf } from './cloud.ts';

/** Resolves it; whether the executable is there is seen when it is used. */
export function exec(context: ResolveContext, entry: Entry, raw: RawExecIaas): ExecIaasSpec {
  return {
    kind: 'exec',
    ...cloudOf(entry.name, raw),
    command: raw.command,
    ...(raw.image !== undefined && { image: raw.image }),
    cwd: context.directory,
    env: envOf(context, 'iaas', entry, raw.env),
  };
}
