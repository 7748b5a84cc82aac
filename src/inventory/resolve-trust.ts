/** What `store:` says of signatures. */
import type { SpecProblem } from '../model/errors.ts';
import type { Spec } from '../model/spec.ts';
import type { RawStore } from './raw/stores.ts';
import { projectPath } from './resolve-context.ts';
import { problemAt } from './spec-files.ts';
import type { Single } from './spec-files.ts';

/** `trust` of a spec, where it says who may sign; problems are added to `problems`. The files are read when something is checked. */
export function resolveTrust(
  given: Single<RawStore> | undefined,
  directory: string,
  problems: SpecProblem[],
): Pick<Spec, 'trust'> {
  const { requireSignature = false, allowedSigners, revokedKeys } = given?.value ?? {};
  if (given && allowedSigners === undefined) {
    const tell = (key: string, message: string): void => {
      problems.push(problemAt(given.source, ['store', key], message));
    };
    if (requireSignature)
      tell('requireSignature', 'store.requireSignature needs store.allowedSigners, which says whose signatures count');
    if (revokedKeys !== undefined)
      tell('revokedKeys', 'store.revokedKeys needs store.allowedSigners: nobody else counts as it is');
  }
  if (allowedSigners === undefined) return {};
  return {
    trust: {
      requireSignature,
      allowedSigners: projectPath(directory, allowedSigners),
      ...(revokedKeys === undefined ? {} : { revokedKeys: projectPath(directory, revokedKeys) }),
    },
  };
}
