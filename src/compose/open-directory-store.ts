/** The store in a directory of this machine, with what was seen of its layers here. */
import type { Deps } from '../reconcile/deps.ts';
import { directoryStore, type DirectoryStore } from '../store/directory-store.ts';
import { knownTars } from '../store/known-tars.ts';
import { cacheFolder } from './find-builder.ts';

/** Opens it; `env` says where this user keeps what is remembered. */
export function openDirectoryStore(path: string, env: Deps['env']): DirectoryStore {
  return directoryStore(path, knownTars(cacheFolder(env)));
}
