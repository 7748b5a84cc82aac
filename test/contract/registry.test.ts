/** The contract of registries: on a directory, and on the real docker-registry in the clear, with TLS and a password. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { directoryRegistry } from '../../src/store/directory-registry.ts';
import { openOci } from '../../src/store/oci/open-oci.ts';
import { auth, dockerConfig, dockerRegistry } from '../support/docker-registry.ts';
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

registryContract('oci', async () => {
  const server = await dockerRegistry();
  const open = () => openOci({ name: 'plain', url: server.url }, {});
  return {
    registry: await open(),
    again: open,
    scoped: true,
    [Symbol.asyncDispose]: server[Symbol.asyncDispose],
  };
});

registryContract('oci over TLS with a password', async () => {
  const server = await dockerRegistry({ tls: true, user: { name: 'ann', password: 'it’s "s:cret" $(x)' } });
  const env = await dockerConfig(server.directory, { auths: { [server.host]: auth('ann', 'it’s "s:cret" $(x)') } });
  const open = () => openOci({ name: 'locked', url: server.url, ca: server.ca }, env);
  return {
    registry: await open(),
    again: open,
    scoped: true,
    [Symbol.asyncDispose]: server[Symbol.asyncDispose],
  };
});
