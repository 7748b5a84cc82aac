/** Machines of a cloud whose addresses are its own network's: each is reached through the jump host of the spec. */
import type { Machine } from '../../model/observation.ts';
import type { JumpSpec } from '../../model/iaas/static.ts';
import { throughJump } from '../host-endpoint.ts';
import type { IaasProvider } from '../provider.ts';

/** The same provider, its machines behind the jump host. */
export function behindJump(provider: IaasProvider, jump: JumpSpec | undefined): IaasProvider {
  if (!jump) return provider;
  const behind = (machine: Machine): Machine => ({
    ...machine,
    ...(machine.endpoint && { endpoint: throughJump(machine.endpoint, jump) }),
  });
  return {
    ...provider,
    list: async () => (await provider.list()).map(behind),
    create: async (request) => behind(await provider.create(request)),
    start: async (id) => behind(await provider.start(id)),
  };
}
