/** Machines that exist already: a pool that is lent from, in the order of the spec, and given back to. */
import { access, constants } from 'node:fs/promises';
import { IaasError } from '../../model/errors.ts';
import type { Machine } from '../../model/observation.ts';
import type { StaticHost, StaticIaasSpec } from '../../model/iaas/static.ts';
import { hostEndpoint } from '../host-endpoint.ts';
import type { IaasContext, IaasProvider, MachineRequest } from '../provider.ts';

/** The adapter of kind `static`. Keeps no state: which VM has which host is the inventory's knowledge, told by `taken`. */
export function staticProvider(spec: StaticIaasSpec, _context: IaasContext): IaasProvider {
  const hostOf = (id: string): StaticHost => {
    const host = spec.hosts.find((candidate) => candidate.name === id);
    if (host) return host;
    throw new IaasError(
      spec.name,
      'not-found',
      `Cannot find host ${JSON.stringify(id)} as iaas.${spec.name}.hosts has no such name`,
      {
        hint: `stratos validate`,
      },
    );
  };
  return {
    name: spec.name,
    kind: spec.kind,
    capabilities: { ephemeral: false, injectsHostKey: false, stop: false },
    list: () => Promise.resolve(spec.hosts.map(machineOf)),
    // Async, so that a refusal is a rejection whatever the caller does with the promise.
    // eslint-disable-next-line @typescript-eslint/require-await
    async create(request: MachineRequest) {
      const host = spec.hosts.find((candidate) => !request.taken.includes(candidate.name));
      if (host) return machineOf(host);
      throw new IaasError(
        spec.name,
        'no-capacity',
        `Cannot give VM ${request.vm} a host as all hosts of ${spec.name} are taken: ${spec.hosts.length}`,
        { hint: `add a host to iaas.${spec.name}.hosts` },
      );
    },
    // eslint-disable-next-line @typescript-eslint/require-await
    async start(id) {
      return machineOf(hostOf(id));
    },
    // eslint-disable-next-line @typescript-eslint/require-await
    async stop(id) {
      const host = hostOf(id);
      throw new IaasError(
        spec.name,
        'invalid',
        `Cannot stop host ${host.name} as a static host is not ours to stop: ${host.address}`,
      );
    },
    delete: () => Promise.resolve(),
    async check() {
      for (const host of spec.hosts) {
        for (const way of [host, ...(host.jump ? [host.jump] : [])]) await checkWay(spec.name, host.name, way);
      }
    },
  };
}

function machineOf(host: StaticHost): Machine {
  return { id: host.name, state: 'running', endpoint: hostEndpoint(host) };
}

/** What can be known without connecting: the key can be read, and the server's own key is pinned. */
async function checkWay(iaas: string, name: string, way: Omit<StaticHost, 'name' | 'jump'>): Promise<void> {
  if (way.hostKeys.length === 0) {
    throw new IaasError(
      iaas,
      'invalid',
      `Cannot use host ${name} as no host key is pinned for its server: ${way.address}`,
      {
        hint: `ssh-keyscan -p ${way.port} ${way.address}`,
      },
    );
  }
  const { key } = way;
  if (key === undefined) return;
  await access(key, constants.R_OK).catch((cause: unknown) => {
    throw new IaasError(iaas, 'unauthorized', `Cannot use host ${name} as its key cannot be read: ${key}`, {
      hint: `ls -l ${key}`,
      cause,
    });
  });
}
