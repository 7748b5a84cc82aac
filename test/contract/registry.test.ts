/** The contract of registries, on a directory. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { directoryRegistry } from '../../src/store/directory-registry.ts';
import { registryContract } from './registry.contract.ts';

registryContract('directory', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'registry-'));
  return {
    registry: directoryRegistry('local', directory),
    again: () => directoryRegistry('local', directory),
    scoped: false,
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  };
});
